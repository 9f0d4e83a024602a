import { mkdirSync, writeFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { eventually } from './eventually.ts';

/**
 * Writes the histories of finished runs where CARILLON_RECORD_HISTORIES names a folder; else does nothing. Those of each
 * release are kept in test/replay/histories/<release>/, and every later version must replay them.
 */
export async function recordHistories(temporal: Client, runs: ReadonlyMap<string, string>): Promise<void> {
  const folder = process.env['CARILLON_RECORD_HISTORIES'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  for (const [name, workflowId] of runs) {
    const handle = temporal.workflow.getHandle(workflowId);
    await eventually(`${name} is closed`, async () => (await handle.describe()).status.name !== 'RUNNING');
    writeFileSync(`${folder}/${name}.json`, JSON.stringify(await handle.fetchHistory()));
  }
}

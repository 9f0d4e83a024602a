import { mkdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Client } from '@temporalio/client';
import { eventually } from './eventually.ts';

/** A workflow's only or last run, or the one that is named. */
export type RecordedRun = string | { readonly workflowId: string; readonly runId: string };

/** Longer ones are compressed. */
const plainBytes = 64 * 1024;

/**
 * Writes the histories of finished runs where CARILLON_RECORD_HISTORIES names a folder; else does nothing. Those of each
 * release are kept in test/replay/histories/<release>/, and every later version must replay them.
 */
export async function recordHistories(temporal: Client, runs: ReadonlyMap<string, RecordedRun>): Promise<void> {
  const folder = process.env['CARILLON_RECORD_HISTORIES'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  for (const [name, run] of runs) {
    const { workflowId, runId } = typeof run === 'string' ? { workflowId: run, runId: undefined } : run;
    const handle = temporal.workflow.getHandle(workflowId, runId);
    await eventually(`${name} is closed`, async () => (await handle.describe()).status.name !== 'RUNNING');
    const json = JSON.stringify(await handle.fetchHistory());
    if (json.length > plainBytes) writeFileSync(`${folder}/${name}.json.gz`, gzipSync(json, { level: 9 }));
    else writeFileSync(`${folder}/${name}.json`, json);
  }
}

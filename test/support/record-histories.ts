import { mkdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Client } from '@temporalio/client';
import { eventually } from './eventually.ts';

/** The only or last run of a workflow, or a run that is named. */
export type RecordedRun = string | { readonly workflowId: string; readonly runId: string };

/** A history of more bytes is compressed. */
const plainBytes = 64 * 1024;

/**
 * Writes the histories of finished runs to the folder that CARILLON_RECORD_HISTORIES names; without it, does nothing.
 * The histories of each release are kept in test/replay/histories/<release>/, and every later version must replay them.
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

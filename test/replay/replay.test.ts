import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';

const root = resolve('test/replay/histories');
const histories = readdirSync(root).flatMap((release) =>
  readdirSync(`${root}/${release}`).map((file) => [release, file, `${root}/${release}/${file}`] as const),
);

function readHistory(path: string): temporal.api.history.v1.History {
  const bytes = readFileSync(path);
  const json = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  return temporal.api.history.v1.History.fromObject(JSON.parse(json) as object);
}

/**
 * A run that began under an older version goes on under this one, so the code must issue the commands of its history.
 */
describe('this version replays the histories of earlier ones', () => {
  it.each(histories)('this version replays a stored history: %s %s', async (_release, file, path) => {
    const workflowBundle = { codePath: resolve('dist/workflow-bundle.js') };
    await expect(Worker.runReplayHistory({ workflowBundle }, readHistory(path), file)).resolves.toBeUndefined();
  });
});

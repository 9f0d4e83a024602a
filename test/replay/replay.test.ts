import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';

const root = resolve('test/replay/histories');
const histories = readdirSync(root).flatMap((release) =>
  readdirSync(`${root}/${release}`).map((file) => [release, file, `${root}/${release}/${file}`] as const),
);

/** A run that began under an older version goes on under this one: the same commands must come out of its history. */
describe('this version replays', () => {
  it.each(histories)('%s %s', async (_release, file, path) => {
    const history = temporal.api.history.v1.History.fromObject(JSON.parse(readFileSync(path, 'utf8')) as object);
    const workflowBundle = { codePath: resolve('dist/workflow-bundle.js') };
    await expect(Worker.runReplayHistory({ workflowBundle }, history, file)).resolves.toBeUndefined();
  });
});

// Bundles the workflows at build time, because bundling would delay each start of a worker by 3 s.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const root = fileURLToPath(new URL('..', import.meta.url));
const quiet = { log: () => undefined, trace: () => undefined, debug: () => undefined, info: () => undefined };
const { code } = await bundleWorkflowCode({
  workflowsPath: `${root}/dist/src/workflows/index.js`,
  logger: { ...quiet, warn: console.warn, error: console.error },
});
writeFileSync(`${root}/dist/workflow-bundle.js`, code);

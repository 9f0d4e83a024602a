// Bundles the workflows once, at build time: a worker that did it at its start would be 3 s later.
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

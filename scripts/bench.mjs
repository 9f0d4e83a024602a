// `npm run bench`: brings the clone up to date, compiles the benchmark and runs it in this same process, so that a
// signal to the process reaches the benchmark.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { runStep } from './run-step.mjs';
import { hashOf, isStamped, writeStamp } from './stamp.mjs';

const stamp = join('dist', 'bench', '.carillon-build');
const inputs = ['bench', 'src', 'test/support', 'tsconfig.json', 'tsconfig.bench.json', 'package-lock.json'];

await prepare();
const hash = hashOf(inputs);
if (!isStamped(stamp, hash)) {
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
  await runStep('compiling the benchmark', process.execPath, [tsc, '-p', 'tsconfig.bench.json']);
  await bundleWorkflows();
  writeStamp(stamp, hash);
}
const main = join(process.cwd(), 'dist', 'bench', 'main.js');
process.argv = [process.execPath, main, ...process.argv.slice(2)];
await import(pathToFileURL(main).href);

async function bundleWorkflows() {
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const quiet = { log: () => undefined, trace: () => undefined, debug: () => undefined, info: () => undefined };
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(process.cwd(), 'dist', 'bench', 'workflows.js'),
    logger: { ...quiet, warn: console.warn, error: console.error },
  });
  writeFileSync(join('dist', 'bench', 'workflow-bundle.js'), code);
}

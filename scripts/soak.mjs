// `npm run soak`: brings the clone up to date, compiles the fault rig and runs it in this same process, so that a
// signal to the process reaches the rig.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { runStep } from './run-step.mjs';
import { hashOf, isStamped, writeStamp } from './stamp.mjs';

const stamp = join('dist', 'test', 'faults', '.carillon-build');
const inputs = [
  'test/faults',
  'test/support',
  'bench',
  'src',
  'tsconfig.json',
  'tsconfig.soak.json',
  'package-lock.json',
];

await prepare();
const hash = hashOf(inputs);
if (!isStamped(stamp, hash)) {
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
  await runStep('compiling the fault rig', process.execPath, [tsc, '-p', 'tsconfig.soak.json']);
  writeStamp(stamp, hash);
}
const main = join(process.cwd(), 'dist', 'test', 'faults', 'main.js');
process.argv = [process.execPath, main, ...process.argv.slice(2)];
await import(pathToFileURL(main).href);

// `npm test`: brings the clone up to date, then runs Jest with the arguments given.
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { runInFront } from './run-step.mjs';

await prepare();
const jest = join('node_modules', 'jest', 'bin', 'jest.js');
process.exitCode = await runInFront(process.execPath, [jest, ...process.argv.slice(2)]);

// `npm start`: brings the clone up to date and runs the supervisor in this same process, so that a signal to the
// process reaches the supervisor.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';

await prepare();
const main = join(process.cwd(), 'dist', 'src', 'main.js');
process.argv = [process.execPath, main, 'up'];
await import(pathToFileURL(main).href);

// `npm start` with stand-ins for the roles of the program. The stores, the supervisor and the signals are real.
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../src/config.ts';
import { up } from '../../src/up/up.ts';

const standIn = fileURLToPath(new URL('stand-in.mjs', import.meta.url));
process.exit(await up(readConfig(), { command: (role) => [process.execPath, standIn, role] }));

// Plays the roles of the program for tests of the supervisor: an API that is always ready, and a worker and simulators
// that only wait. `migrate` succeeds unless STAND_IN_MIGRATE sets another exit code.
import { createServer } from 'node:http';

const [role] = process.argv.slice(2);
const ready = { accept: 'ok', delivery: 'ok', postgres: 'ok', temporal: 'ok' };

console.log(`${role} ${process.pid} started`);
process.on('SIGTERM', () => {
  console.log(`${role} ${process.pid} stopping`);
  process.exit(0);
});
if (role === 'migrate') process.exit(Number(process.env.STAND_IN_MIGRATE ?? 0));
if (role === 'worker') setInterval(() => undefined, 60_000);
if (role === 'api' || role === 'simulate')
  createServer((request, response) => response.end(JSON.stringify(ready))).listen(
    Number(role === 'api' ? process.env.CARILLON_PORT : process.env.SIMULATORS_PORT),
    '127.0.0.1',
  );

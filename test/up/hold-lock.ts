// Holds the lock of a home until it is killed. Arguments: the home, and the address of the lock.
import { takeLock } from '../../src/up/process/lock.ts';

const [home = '', address] = process.argv.slice(2);
const urls = { api: 'http://127.0.0.1:1' };
await takeLock(home, () => ({ pid: process.pid, startedAt: '2026-01-02T03:04:05.000Z', urls }), address);
console.log('held');
setInterval(() => undefined, 60_000);

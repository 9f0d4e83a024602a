import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
let way: Server | undefined;
beforeAll(async () => void (stack = await startStack({ worker: false })), 120_000);
afterAll(async () => {
  await stack?.close();
  way?.close();
});

it('a worker that starts while PostgreSQL is away waits for it', async () => {
  const { host, port, user, pass, database } = stack.sql.options;
  const away = await freePort();
  const worker = stack.startWorker(undefined, {
    DATABASE_URL: `postgres://${user}:${String(pass)}@127.0.0.1:${away}/${database}`,
  });
  const log = join(stack.home, 'log', 'worker.log');
  await eventually('it waits', () => existsSync(log) && readFileSync(log, 'utf8').includes('waiting for it'));
  way = createServer((socket) => {
    const there = connect(port[0] ?? 0, host[0]);
    for (const [from, to] of [
      [socket, there],
      [there, socket],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
    }
  });
  await once(way.listen(away, '127.0.0.1'), 'listening');
  await stack.webhook('orders');
  const { id } = await stack.post({ text: 'hello', destinations: ['orders'] });
  expect((await stack.rest(id)).state).toBe('delivered');
  expect(readFileSync(log, 'utf8').split('waiting for it')).toHaveLength(2);
  expect(await worker.stop()).toBe(0);
});

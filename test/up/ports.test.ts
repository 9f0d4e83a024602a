import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { choosePorts, isPortFree, isPortOpen } from '../../src/up/ports.ts';
import { freePort } from '../support/free-port.ts';

let stranger: Server;
let taken: number;

beforeEach(async () => {
  taken = await freePort();
  stranger = createServer().listen(taken, '127.0.0.1');
  await once(stranger, 'listening');
});

afterEach(() => stranger.close());

test('a usual port that is taken is replaced by the next free port, and a line says so', async () => {
  const said: string[] = [];
  const { api } = await choosePorts({ api: { variable: 'CARILLON_PORT', port: taken, given: false } }, (line) =>
    said.push(line),
  );
  expect(api).toBeGreaterThan(taken);
  expect(await isPortFree(api)).toBe(true);
  expect(said).toEqual([`port ${taken} is taken: using ${api} (CARILLON_PORT chooses another)`]);
});

test('a port that the user chose and that is taken is an error that names the port and its variable', async () => {
  const requests = { api: { variable: 'CARILLON_PORT', port: taken, given: true } };
  await expect(choosePorts(requests, fail)).rejects.toThrow(
    `port ${taken} (CARILLON_PORT) is taken by another program: stop that, or set CARILLON_PORT to a free port`,
  );
});

test('no two servers of one start get the same port, and a port that the user chose comes first', async () => {
  const port = await freePort();
  const { api, simulate } = await choosePorts(
    {
      api: { variable: 'CARILLON_PORT', port, given: false },
      simulate: { variable: 'SIMULATORS_PORT', port, given: true },
    },
    () => undefined,
  );
  expect(simulate).toBe(port);
  expect(api).toBeGreaterThan(port);
});

test('an open port accepts connections, and a free port can be listened on', async () => {
  expect(await isPortOpen(taken)).toBe(true);
  expect(await isPortFree(taken)).toBe(false);
  const free = await freePort();
  expect(await isPortOpen(free)).toBe(false);
  expect(await isPortFree(free)).toBe(true);
});

function fail(line: string): void {
  throw new Error(`unexpected: ${line}`);
}

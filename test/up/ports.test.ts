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

test('a taken port that nobody asked for is replaced by the next free one, and that is said', async () => {
  const said: string[] = [];
  const { api } = await choosePorts({ api: { variable: 'CARILLON_PORT', port: taken, given: false } }, (line) =>
    said.push(line),
  );
  expect(api).toBeGreaterThan(taken);
  expect(await isPortFree(api)).toBe(true);
  expect(said).toEqual([`port ${taken} is taken: using ${api} (CARILLON_PORT chooses another)`]);
});

test('a taken port that was asked for is an error that names port and variable', async () => {
  const requests = { api: { variable: 'CARILLON_PORT', port: taken, given: true } };
  await expect(choosePorts(requests, fail)).rejects.toThrow(
    `port ${taken} (CARILLON_PORT) is taken by another program: stop that, or set CARILLON_PORT to a free port`,
  );
});

test('no two servers of one start get the same port, and what was asked for goes first', async () => {
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

test('open is what accepts connections, free is what can be listened on', async () => {
  expect(await isPortOpen(taken)).toBe(true);
  expect(await isPortFree(taken)).toBe(false);
  const free = await freePort();
  expect(await isPortOpen(free)).toBe(false);
  expect(await isPortFree(free)).toBe(true);
});

function fail(line: string): void {
  throw new Error(`unexpected: ${line}`);
}

import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig } from '../../../src/config.ts';
import { createDemo } from '../../../src/up/demo/demo.ts';
import type { DemoMessage } from '../../../src/up/demo/demo-client.ts';

const never = new AbortController().signal;

interface Call {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly key: unknown;
  readonly body: unknown;
}

let home: string;
let server: Server;
let calls: Call[];
let said: string[];
let known: Set<string>;
let duplicate: boolean;
/** The states of the message that the API returns, one after the other. The last one is returned again and again. */
let states: DemoMessage[];
let config: Config;
let port: number;

const say = (line: string): void => void said.push(line);

/** One server plays the API and the simulators, as far as the demo uses them. */
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'demo-'));
  [calls, said, known, duplicate, states] = [[], [], new Set(), false, []];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => {
      const { method, url = '' } = request;
      const key = request.headers['idempotency-key'];
      if (request.headers.authorization === 'Bearer secret' || url.startsWith('/_sim/'))
        calls.push({ method, url, key, body: text === '' ? undefined : JSON.parse(text) });
      const message = url.startsWith('/v1/messages/');
      response.statusCode = method === 'GET' && !message && !known.has(url) ? 404 : 200;
      const next = (): DemoMessage | undefined => (states.length > 1 ? states.shift() : states[0]);
      response.end(JSON.stringify(message ? next() : { id: 'msg_1', duplicate }));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ({ port } = server.address() as AddressInfo);
  config = readConfig({ CARILLON_HOME: home, CARILLON_ADMIN_KEY: 'secret' });
});

afterEach(() => {
  server.close();
  rmSync(home, { recursive: true });
});

const run = async (): Promise<void> => {
  const demo = createDemo(config, { api: port, simulate: port }, say, never);
  await demo.configure();
  await demo.show();
};

const made = (method: string): (string | undefined)[] =>
  calls.filter((call) => call.method === method).map(({ url }) => url);

/** Whether an address is one of those that bridge the simulated rooms. */
const isOfRooms = (url = ''): boolean =>
  /\/demo-room(?:s|-[a-z-]+)$|^\/_sim\/(?:rooms|[a-z-]+\/(?:subscribe|account))$/.test(url);

test('the demo bridges a room of each platform, and tells the simulators at each start where events go', async () => {
  await run();
  const puts = made('PUT').filter(isOfRooms);
  expect(puts.filter((url) => url?.startsWith('/v1/destinations/'))).toHaveLength(6);
  expect(puts.at(-1)).toBe('/v1/bridges/demo-rooms');
  const told = () => calls.filter(({ method, url }) => method === 'POST' && isOfRooms(url));
  expect(told().find(({ url }) => url === '/_sim/slack/subscribe')?.body).toMatchObject({
    subscriptions: [{ url: `http://127.0.0.1:${port}/hooks/demo-room-slack` }],
  });
  expect(told().at(-1)).toMatchObject({ url: '/_sim/rooms', body: { rooms: { length: 6 } } });
  for (const url of puts) known.add(url ?? '');
  const before = told().length;
  calls = [];
  await run();
  expect(made('PUT').filter(isOfRooms)).toEqual([]);
  expect(told()).toHaveLength(before);
});

const delivered = { state: 'delivered', attempts: 1, maxAttempts: 8, nextAttemptAt: null };
const orders = { destination: 'demo-orders', ...delivered };
const refused = {
  destination: 'demo-audit',
  state: 'retrying',
  attempts: 1,
  maxAttempts: 8,
  nextAttemptAt: new Date(Date.now() + 14_000).toISOString(),
  reason: { code: 'http', message: 'answered 503' },
};

test('the demo configures what is missing, sends one message, and shows it while it retries and at rest', async () => {
  known.add('/v1/connections/demo-hooks').add('/v1/destinations/demo-orders');
  states = [
    { id: 'msg_1', state: 'delivering', deliveries: [{ ...orders, state: 'sending' }, refused] },
    { id: 'msg_1', state: 'delivering', deliveries: [orders, refused] },
    { id: 'msg_1', state: 'delivered', deliveries: [orders, { ...refused, ...delivered, attempts: 3, reason: null }] },
  ];
  await run();
  expect(made('PUT').filter((url) => !isOfRooms(url))).toEqual([
    '/v1/connections/demo-slack',
    '/v1/destinations/demo-audit',
    '/v1/destinations/demo-slack-ops',
  ]);
  const posts = calls.filter(({ method, url }) => method === 'POST' && !isOfRooms(url));
  expect(posts).toMatchObject([
    { url: '/_sim/webhook/faults', body: { path: '/webhook/audit', status: 503, times: 2 } },
    {
      url: '/v1/messages',
      key: 'carillon-demo-1',
      body: { destinations: ['demo-orders', 'demo-audit', 'demo-slack-ops'], conversation: 'demo' },
    },
  ]);
  expect(said.map((line) => line.replace(/in 1\d s/, 'in 14 s'))).toEqual([
    'demo message msg_1: delivering',
    '  destination  state      attempts  next attempt  reason',
    '  demo-orders  delivered  1 of 8    -             -',
    '  demo-audit   retrying   1 of 8    in 14 s       answered 503',
    'demo message msg_1: delivered',
    '  destination  state      attempts  next attempt  reason',
    '  demo-orders  delivered  1 of 8    -             -',
    '  demo-audit   delivered  3 of 8    -             -',
  ]);
  expect(existsSync(join(home, 'demo.sent'))).toBe(true);
});

test('a second start of the demo sends nothing and says so in one line', async () => {
  states = [{ id: 'msg_1', state: 'delivered', deliveries: [orders] }];
  await run();
  [calls, said] = [[], []];
  await run();
  expect(made('POST').filter((url) => !isOfRooms(url))).toEqual([]);
  expect(said).toEqual(['the demo message was sent by an earlier start (key carillon-demo-1)']);
});

test('the demo says in one line that the message was sent before if only the API knows it', async () => {
  duplicate = true;
  await run();
  expect(said).toEqual(['the demo message msg_1 was sent before (key carillon-demo-1)']);
});

test('a demo that the API refuses is reported on the screen and stops nothing else', async () => {
  server.removeAllListeners('request');
  server.on('request', (_, response) => {
    response.statusCode = 422;
    response.end('{"code":"invalid"}');
  });
  await run();
  expect(said).toEqual([
    `the demo failed, which changes nothing else: http://127.0.0.1:${port}/v1/connections/demo-hooks answered 422: {"code":"invalid"}`,
  ]);
});

test('there is no demo without simulators', async () => {
  const demo = createDemo(config, { api: port }, say, never);
  await demo.configure();
  await demo.show();
  expect([calls, said]).toEqual([[], []]);
});

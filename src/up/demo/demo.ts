import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, readAdminKey } from '../../config.ts';
import { apiUrl } from '../announce.ts';
import { bridgeDemoRooms } from './demo-rooms.ts';
import { createDemoClient, type DemoClient } from './demo-client.ts';
import { demoTable } from './demo-table.ts';
import type { Ports } from '../program.ts';

const idempotencyKey = 'carillon-demo-1';

/** How often, and for at most how long, the demo message is looked at. Two failures take about 50 s by default. */
const pollMs = 250;
const restLimitMs = 2 * 60_000;

const movingStates = new Set(['queued', 'waiting', 'sending', 'retrying']);

/** Not a secret, because it signs only for simulators on this machine. */
const webhookSecret = `whsec_${Buffer.from('carillon-demo-secret-24b').toString('base64')}`;

/** The two parts of the demo. A part that fails is reported and stops nothing. */
export interface Demo {
  /**
   * Creates the demo's connections, destinations and bridge if they do not exist. Called before `carillon ready` is
   * shown, because that text invites the user to try them.
   */
  configure(): Promise<void>;
  /**
   * Sends one message to three simulated destinations, once for each home. One of them is told to refuse the message
   * twice, so that the user sees a retry.
   */
  show(): Promise<void>;
}

export function createDemo(config: Config, ports: Ports, say: (line: string) => void, signal: AbortSignal): Demo {
  const key = readAdminKey(config);
  const nothing = async (): Promise<void> => undefined;
  if (ports.simulate === undefined || key === undefined) return { configure: nothing, show: nothing };
  const simulators = `http://127.0.0.1:${ports.simulate}`;
  const client = createDemoClient(apiUrl(config, ports), key, signal);
  const tolerant = (part: () => Promise<void>) => async (): Promise<void> => {
    try {
      await part();
    } catch (error) {
      if (!signal.aborted) say(`the demo failed, which changes nothing else: ${(error as Error).message}`);
    }
  };
  let isConfigured = false;
  async function show(): Promise<void> {
    if (!isConfigured) return;
    const marker = join(config.home, 'demo.sent');
    if (existsSync(marker)) {
      say(`the demo message was sent by an earlier start (key ${idempotencyKey})`);
      return;
    }
    await refuseTwice(simulators, signal);
    const { id, duplicate } = await client.post(demoMessage, idempotencyKey);
    writeFileSync(marker, `${id}\n`);
    if (duplicate) say(`the demo message ${id} was sent before (key ${idempotencyKey})`);
    else await watch(client, id, say, signal);
  }
  return {
    configure: tolerant(async () => {
      await configure(client, simulators);
      await bridgeDemoRooms(client, { api: apiUrl(config, ports), simulators, signal });
      isConfigured = true;
    }),
    show: tolerant(show),
  };
}

const demoMessage = {
  text: '**Carillon is up.** One message, three destinations; one of them refuses it twice.',
  type: 'demo.started',
  destinations: ['demo-orders', 'demo-audit', 'demo-slack-ops'],
  conversation: 'demo',
} as const;

/** Keeps what a user has changed since the first start. */
async function configure(client: DemoClient, simulators: string): Promise<void> {
  const connections = {
    'demo-hooks': { connector: 'webhook', settings: { secrets: [webhookSecret] } },
    'demo-slack': { connector: 'slack', settings: { botToken: 'xoxb-demo', baseUrl: `${simulators}/slack/api/` } },
  };
  const retry = 'thirty-minutes';
  const destinations = {
    'demo-orders': { connection: 'demo-hooks', address: { url: `${simulators}/webhook/orders` }, retry },
    'demo-audit': { connection: 'demo-hooks', address: { url: `${simulators}/webhook/audit` }, retry },
    'demo-slack-ops': { connection: 'demo-slack', address: { channel: 'C0OPS' }, retry },
  };
  for (const [kind, things] of Object.entries({ connections, destinations }))
    for (const [id, body] of Object.entries(things)) {
      const path = `/v1/${kind}/${id}`;
      if (!(await client.exists(path))) await client.put(path, { id, ...body });
    }
}

async function refuseTwice(simulators: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${simulators}/_sim/webhook/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ path: '/webhook/audit', status: 503, times: 2 }),
    signal,
  });
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}`);
}

/** Shows the message once when all its open deliveries are retrying, and again when all deliveries are at rest. */
async function watch(client: DemoClient, id: string, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const end = Date.now() + restLimitMs;
  for (let shown = false; ;) {
    const message = await client.message(id);
    const moving = message.deliveries.map(({ state }) => state).filter((state) => movingStates.has(state));
    const last = moving.length === 0 || Date.now() >= end;
    const retrying = moving.length > 0 && moving.every((state) => state === 'retrying');
    if (last || (retrying && !shown)) for (const line of demoTable(message, new Date())) say(line);
    if (last) return;
    shown ||= retrying;
    await sleep(pollMs, undefined, { signal });
  }
}

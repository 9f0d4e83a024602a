import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAccessTokens } from '../../src/connectors/http/access-tokens.ts';
import type { HookRequest, Received } from '../../src/connectors/contract/inbound.ts';
import type { HookConnection } from '../../src/connectors/contract/context.ts';
import { msteams } from '../../src/connectors/msteams/index.ts';
import type { KeptRoom, SubscriptionContext, WantedRoom } from '../../src/connectors/contract/subscriptions.ts';
import { channel, chat, settings as usual } from './msteams.ts';
import { startSimulatorBench, type SimulatorBench } from './simulators.ts';

export const minute = 60_000;
export const secrets = ['a-notification-secret', 'an-older-notification-secret'];
export const team = 'fbe2bf47-16c8-47cf-b4a5-4b9b187c508b';
export const inChannel: WantedRoom = { room: channel, address: { conversation: channel, team } };
export const inChat: WantedRoom = { room: chat, address: { conversation: chat } };

/** A hook with the connector's code behind it, and a simulator that calls it. */
export interface GraphHook {
  readonly bench: SimulatorBench;
  /** The requests that came, oldest first. */
  readonly got: readonly { readonly request: HookRequest; readonly received: Received }[];
  connection(): HookConnection;
  /** Replaces the settings of the connection that differ from the usual ones. */
  set(change: object): void;
  receive(request: HookRequest): Promise<Received>;
  context(aheadMs?: number, untilMs?: number): SubscriptionContext;
  keep(rooms: readonly WantedRoom[], aheadMs?: number, untilMs?: number): Promise<readonly KeptRoom[]>;
  stop(): Promise<void>;
}

export async function startGraphHook(): Promise<GraphHook> {
  const { inbound } = msteams;
  if (inbound?.subscriptions === undefined) throw new Error('Teams has no subscriptions');
  const { subscriptions } = inbound;
  const bench = await startSimulatorBench(['msteams']);
  const got: { request: HookRequest; received: Received }[] = [];
  let changed: object = {};
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const query = new URL(message.url ?? '', 'http://x').searchParams;
      const headers = message.headers as Record<string, string>;
      const request = { method: 'POST', path: '', query, headers, body: Buffer.concat(chunks) };
      void hook.receive(request).then((received) => {
        got.push({ request, received });
        const { status, headers: more, body } = received.answer;
        response.writeHead(status, more).end(typeof body === 'object' ? JSON.stringify(body) : body);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const hook: GraphHook = {
    bench,
    got,
    connection: () => ({
      id: 'acme',
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/acme`,
      settings: {
        ...usual(bench.url),
        graphTenant: 'tenant-sim',
        graphUrl: `${bench.url}/msteams/graph/v1.0/`,
        graphEvents: true,
        notificationSecrets: secrets,
        ...changed,
      },
    }),
    set: (change) => void (changed = change),
    receive: async (request) =>
      inbound.receive(request, hook.connection(), { now: new Date(), keys: { find: async () => undefined } }),
    context(aheadMs = 0, untilMs = 15 * minute) {
      const now = new Date(Date.now() + aheadMs);
      const until = new Date(now.getTime() + untilMs);
      const signal = new AbortController().signal;
      return {
        http: bench.http,
        tokens: createAccessTokens(),
        now,
        timeoutMs: 5_000,
        signal,
        until,
        silent: async () => undefined,
      };
    },
    keep: (rooms, ...when) => subscriptions.keep(rooms, hook.connection(), hook.context(...when)),
    async stop() {
      await new Promise((resolve) => server.close(resolve));
      await bench.stop();
    },
  };
  return hook;
}

import type { Client } from '../support/client.ts';

/**
 * The three ways to treat an attempt that may have arrived: `folding` states how long its receiver remembers and is
 * sent the same again (class A), `slack` is looked up first (B), `once` is never sent again (C, at most once).
 */
export const destinations = ['folding', 'slack', 'once'] as const;
export type Destination = (typeof destinations)[number];

/** Part of the path of the requests that post there: what a simulator's fault is aimed by. */
export const postPath: Readonly<Record<Destination, string>> = {
  folding: '/webhook/folding',
  slack: 'chat.postMessage',
  once: '/webhook/once',
};

/** The simulator that plays each. */
export const simulatorOf: Readonly<Record<Destination, 'webhook' | 'slack'>> = {
  folding: 'webhook',
  slack: 'slack',
  once: 'webhook',
};

export const channel = 'CRIG';

/** Outages take seconds here, and nothing may run out of attempts because of them. */
const retry = { initialInterval: '500ms', multiplier: 1.5, maxInterval: '3s', maxAttempts: 200, deadline: '1h' };
const timeout = '3s';
/** What is uncertain holds its lane no longer than this; what comes then is in order among itself. */
const holdFor = '5s';

/** @param sinks base URL of the simulators, as workers reach them. */
export async function configureDestinations(api: Client, sinks: string): Promise<void> {
  const secrets = [`whsec_${Buffer.alloc(24, 7).toString('base64')}`];
  await api.must('PUT', '/v1/connections/hooks', { connector: 'webhook', settings: { secrets } });
  const settings = { botToken: 'xoxb-rig', baseUrl: `${sinks}/slack/api/` };
  await api.must('PUT', '/v1/connections/slack', { connector: 'slack', settings });
  const put = (id: Destination, body: object): Promise<void> =>
    api.must('PUT', `/v1/destinations/${id}`, { retry, timeout, holdFor, ...body });
  const url = (id: Destination): string => `${sinks}${postPath[id]}`;
  await put('folding', { connection: 'hooks', address: { url: url('folding'), dedupeWindow: '24h' } });
  await put('slack', { connection: 'slack', address: { channel } });
  await put('once', { connection: 'hooks', address: { url: url('once') }, ambiguous: 'at-most-once' });
}

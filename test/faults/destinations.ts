import type { Client } from '../support/client.ts';

/**
 * The destinations of a soak, one for each way to treat an attempt that may have arrived. `folding` states how long its
 * receiver remembers keys, and is sent the same request again (class A). `slack` is looked up first (class B). `once`
 * is never sent again (class C, at-most-once).
 */
export const destinations = ['folding', 'slack', 'once'] as const;
export type Destination = (typeof destinations)[number];

/** Part of the path of the requests that post to each destination. A simulator's fault finds its requests by it. */
export const postPath: Readonly<Record<Destination, string>> = {
  folding: '/webhook/folding',
  slack: 'chat.postMessage',
  once: '/webhook/once',
};

/** The simulator that plays each destination. */
export const simulatorOf: Readonly<Record<Destination, 'webhook' | 'slack'>> = {
  folding: 'webhook',
  slack: 'slack',
  once: 'webhook',
};

export const channel = 'CRIG';

/** Outages last seconds in a soak, so no delivery may run out of attempts because of them. */
const retry = { initialInterval: '500ms', multiplier: 1.5, maxInterval: '3s', maxAttempts: 200, deadline: '1h' };
const timeout = '3s';
/**
 * An uncertain delivery holds its lane for at most this long. The deliveries behind it are still in order among
 * themselves.
 */
const holdFor = '5s';

/** @param sinks base URL of the simulators as the workers reach them, which may be a proxy. */
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

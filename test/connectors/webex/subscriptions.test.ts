import { createAccessTokens } from '../../../src/connectors/http/access-tokens.ts';
import type { SubscriptionContext } from '../../../src/connectors/contract/subscriptions.ts';
import { webex } from '../../../src/connectors/webex/index.ts';
import { SendFailure } from '../../../src/domain/failure.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { roomId } from '../../support/webex.ts';

const url = 'https://carillon.example/hooks/acme';
const [ops, lab] = [roomId('ops'), roomId('lab')];

interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly filter?: string;
  readonly secret: string;
  readonly status: string;
}

let bench: SimulatorBench;
/** The rooms that were reported as silent. */
let silent: string[] = [];
beforeEach(async () => {
  silent = [];
  bench = await startSimulatorBench(['webex']);
});
afterEach(() => bench.stop());

const context = (): SubscriptionContext => ({
  http: bench.http,
  tokens: createAccessTokens(),
  now: new Date(),
  timeoutMs: 5_000,
  signal: new AbortController().signal,
  until: new Date(),
  silent: async (names) => void silent.push(...names),
});
const keep = async (rooms: readonly string[], change: object = {}, more: object = {}) => {
  const settings = { botToken: 'account-x', webhookSecrets: ['somesecret'], baseUrl: `${bench.url}/webex/v1/` };
  return webex.inbound?.subscriptions?.keep(
    rooms.map((room) => ({ room, address: {} })),
    { id: 'acme', url, settings: { ...settings, ...change }, ...more },
    context(),
  );
};
const webhooks = async () => (await bench.accepted<{ webhooks: Webhook[] }>('webex')).webhooks;
const register = (body: object) =>
  fetch(`${bench.url}/webex/v1/webhooks`, {
    method: 'POST',
    headers: { authorization: 'Bearer account-x' },
    body: JSON.stringify(body),
  });

it('each room gets one webhook with our address and secret', async () => {
  expect(await keep([ops, lab])).toEqual([
    { room: ops, did: 'created' },
    { room: lab, did: 'created' },
  ]);
  expect(await keep([ops, lab])).toEqual([
    { room: ops, did: 'nothing' },
    { room: lab, did: 'nothing' },
  ]);
  expect(await webhooks()).toMatchObject(
    [ops, lab].map((room) => ({ url, filter: `roomId=${room}`, secret: 'somesecret', status: 'active' })),
  );
  expect(JSON.stringify((await webhooks()).map(({ name }) => name))).not.toContain('somesecret');
});

it('a webhook that Webex has switched off is switched on again, and its room is reported as silent', async () => {
  await keep([ops]);
  const [{ id } = { id: '' }] = await webhooks();
  await bench.control('webex', 'switch-off', {});
  silent = [];
  expect(await keep([ops, lab])).toEqual([
    { room: ops, did: 'enabled' },
    { room: lab, did: 'created' },
  ]);
  expect(silent).toEqual([ops, lab]);
  expect(await webhooks()).toMatchObject([{ id, status: 'active' }, {}]);
  silent = [];
  await keep([ops, lab], { webhookSecrets: ['another'] });
  expect(silent).toEqual([]);
});

it('a webhook gets the new secret when it changes', async () => {
  await keep([ops]);
  expect(await keep([ops], { webhookSecrets: ['another', 'somesecret'] })).toEqual([{ room: ops, did: 'replaced' }]);
  expect(await webhooks()).toMatchObject([{ secret: 'another' }]);
});

it('webhooks of rooms that no bridge has and surplus ones are removed, and those of others stay', async () => {
  await keep([ops, lab]);
  const [first] = await webhooks();
  const { name, filter } = first ?? {};
  const copy = { name, targetUrl: url, resource: 'messages', event: 'all', filter };
  await register(copy);
  await register({ ...copy, name: 'by hand' });
  await register({ ...copy, targetUrl: 'https://elsewhere.example/hooks/acme' });
  expect(await webhooks()).toHaveLength(5);
  await keep([ops]);
  expect((await webhooks()).map((one) => [one.name === name, one.url === url, one.filter])).toEqual([
    [true, true, `roomId=${ops}`],
    [false, true, `roomId=${ops}`],
    [true, false, `roomId=${ops}`],
  ]);
  await keep([]);
  expect(await webhooks()).toHaveLength(2);
});

it('a webhook on a later page of a long list is found', async () => {
  for (let n = 0; n < 100; n += 1)
    await register({ name: `${n}`, targetUrl: 'https://other.example/', resource: 'messages', event: 'all' });
  await keep([ops]);
  expect(await keep([ops])).toEqual([{ room: ops, did: 'nothing' }]);
});

it('a surplus webhook that cannot be removed does not affect the webhooks that are kept', async () => {
  await keep([ops, lab]);
  const [, { id } = { id: '' }] = await webhooks();
  await bench.fault('webex', { path: `/webhooks/${id}`, status: 403, times: 0 });
  expect(await keep([ops])).toEqual([{ room: ops, did: 'nothing' }]);
  await expect(keep([])).rejects.toMatchObject({ code: 'http_403' });
  await bench.clearFaults('webex');
  await keep([]);
  expect(await webhooks()).toEqual([]);
});

it('a room whose webhook fails has a reason, and after a rate limit no more requests are made', async () => {
  await bench.fault('webex', { path: '/webhooks', match: lab, status: 409 });
  expect(await keep([lab, ops])).toMatchObject([
    { room: lab, failure: { kind: 'permanent', code: 'http_409' } },
    { room: ops, did: 'created' },
  ]);
  await keep([]);
  await bench.fault('webex', { path: '/webhooks', match: ops, status: 429, retryAfter: 7 });
  expect(await keep([ops, lab])).toMatchObject([
    { failure: { kind: 'transient', retryAfterMs: 7_000 } },
    { failure: { kind: 'transient', retryAfterMs: 7_000 } },
  ]);
  expect(await webhooks()).toEqual([]);
});

it.each([
  ['a secret', { webhookSecrets: [] }, {}, 'no_webhook_secret'],
  ['an address', {}, { url: undefined }, 'no_public_url'],
  ['a good token', { botToken: 'nobody' }, {}, 'http_401'],
])('webhooks of Webex are refused without %s', async (_, change, more, code) => {
  const failure = await keep([ops], change, more).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SendFailure);
  expect(failure).toMatchObject({ kind: 'permanent', affects: 'connection', code });
});

it('webhooks are kept only if the settings say so', () => {
  expect(webex.inbound?.subscriptions?.isKept({})).toBe(false);
  expect(webex.inbound?.subscriptions?.isKept({ keepWebhooks: true })).toBe(true);
});

import { fastify, type FastifyInstance } from 'fastify';
import { createAccessTokens } from '../../../src/connectors/http/access-tokens.ts';
import { googleChat } from '../../../src/connectors/google-chat/index.ts';
import type { HookRequest, Received } from '../../../src/connectors/contract/inbound.ts';
import type { HookConnection } from '../../../src/connectors/contract/context.ts';
import { createSigningKeys } from '../../../src/connectors/inbound/signing-keys.ts';
import type { SubscriptionContext } from '../../../src/connectors/contract/subscriptions.ts';
import { SendFailure } from '../../../src/domain/failure.ts';
import { eventually } from '../../support/eventually.ts';
import { settings as usual } from '../../support/google-chat.ts';
import { roomsAt, type Rooms } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';

const hour = 3_600_000;
const pubsubTopic = 'projects/acme/topics/carillon';
const [ops, lab, den] = ['spaces/AAAAops', 'spaces/AAAAlab', 'spaces/AAAAden'];

interface Subscription {
  readonly name: string;
  readonly targetResource: string;
  readonly eventTypes: readonly string[];
  readonly notificationEndpoint: { readonly pubsubTopic: string };
  readonly state: string;
  readonly expireTime: string;
}

let bench: SimulatorBench;
let rooms: Rooms;
beforeEach(async () => {
  bench = await startSimulatorBench(['google-chat']);
  rooms = roomsAt(bench.url);
});
afterEach(() => bench.stop());

const connection = (change: object = {}): HookConnection => ({
  id: 'acme',
  settings: { ...usual(bench.url), historyUser: 'ann@example.com', pubsubTopic, ...change },
});
const context = (untilMs = 0): SubscriptionContext => {
  const [now, signal] = [new Date(), new AbortController().signal];
  const until = new Date(now.getTime() + untilMs);
  return {
    http: bench.http,
    tokens: createAccessTokens(),
    now,
    timeoutMs: 5_000,
    signal,
    until,
    silent: async () => undefined,
  };
};
const keep = async (names: readonly string[], change: object = {}, untilMs?: number) =>
  googleChat.inbound?.subscriptions?.keep(
    names.map((room) => ({ room, address: { space: room } })),
    connection(change),
    context(untilMs),
  );
const subscriptions = async () =>
  (await bench.accepted<{ subscriptions: Subscription[] }>('google-chat')).subscriptions;
const hoursLeft = async () =>
  (await subscriptions()).map(({ expireTime }) => Math.round((Date.parse(expireTime) - Date.now()) / hour));

it('each space gets one subscription with all bridged events for the longest time that Google grants', async () => {
  expect(await keep([ops, lab, den])).toMatchObject([
    { room: ops, did: 'created' },
    { room: lab, did: 'created' },
    { room: den, did: 'created' },
  ]);
  expect(await keep([ops, lab, den])).toMatchObject([{ did: 'nothing' }, { did: 'nothing' }, { did: 'nothing' }]);
  const eventTypes = ['message.v1.created', 'message.v1.updated', 'message.v1.deleted']
    .concat('reaction.v1.created', 'reaction.v1.deleted')
    .map((type) => `google.workspace.chat.${type}`);
  expect(await subscriptions()).toMatchObject(
    [ops, lab, den].map((space) => ({
      targetResource: `//chat.googleapis.com/${space}`,
      eventTypes,
      notificationEndpoint: { pubsubTopic },
      payloadOptions: { includeResource: true },
      state: 'ACTIVE',
    })),
  );
  expect(await hoursLeft()).toEqual([4, 4, 4]);
});

it('subscriptions to Google Chat are renewed before they expire, and created again after they expired', async () => {
  const [made] = (await keep([ops])) ?? [];
  const [first] = await subscriptions();
  expect(made).toMatchObject({ goodUntil: new Date(first?.expireTime ?? '') });
  await bench.control('google-chat', 'clock', { aheadMs: 3 * hour });
  expect(await keep([ops], {}, 3.9 * hour)).toMatchObject([{ did: 'nothing' }]);
  expect(await keep([ops], {}, 4.1 * hour)).toMatchObject([{ did: 'renewed' }]);
  expect([await hoursLeft(), (await subscriptions())[0]?.name]).toEqual([[7], first?.name]);
  await bench.control('google-chat', 'clock', { aheadMs: 8 * hour });
  expect(await subscriptions()).toEqual([]);
  expect(await keep([ops], {}, 8 * hour)).toMatchObject([{ did: 'created' }]);
});

it('suspended subscriptions to Google Chat are reactivated', async () => {
  await keep([ops]);
  const [first] = await subscriptions();
  await bench.control('google-chat', 'lifecycle', { event: 'suspended', isTold: false });
  expect(await subscriptions()).toMatchObject([{ state: 'SUSPENDED' }]);
  expect(await keep([ops], {}, 1e15)).toMatchObject([
    { room: ops, did: 'enabled', goodUntil: new Date(first?.expireTime ?? '') },
  ]);
  expect(await subscriptions()).toEqual([{ ...first, state: 'ACTIVE' }]);
});

/** Creates a subscription by hand. */
const make = (space: string, more: object = {}) =>
  fetch(`${bench.url}/google-chat/events/v1/subscriptions`, {
    method: 'POST',
    headers: { authorization: `Bearer ya29.${Date.now()}.ann` },
    body: JSON.stringify({
      targetResource: `//chat.googleapis.com/${space}`,
      eventTypes: ['google.workspace.chat.message.v1.created'],
      notificationEndpoint: { pubsubTopic },
      ...more,
    }),
  });

it('a subscription to Google Chat that lacks some of the bridged events is replaced', async () => {
  await make(ops);
  const [first] = await subscriptions();
  expect(await keep([ops])).toMatchObject([{ did: 'replaced' }]);
  const [second, ...more] = await subscriptions();
  expect([second?.eventTypes.length, second?.name === first?.name, more]).toEqual([5, false, []]);
});

it('subscriptions of spaces that no bridge has any more are ended, and those of another topic stay', async () => {
  const elsewhere = { pubsubTopic: 'projects/acme/topics/other' };
  await make(den, { notificationEndpoint: elsewhere });
  await keep([ops, lab]);
  expect(await keep([lab, den])).toMatchObject([
    { room: lab, did: 'nothing' },
    { room: den, failure: { kind: 'permanent', code: 'google_already_exists' } },
  ]);
  const left = async () => (await subscriptions()).map(({ targetResource }) => targetResource.split('/').at(-1));
  expect(await left()).toEqual(['AAAAden', 'AAAAlab']);
  expect(await keep([], { pubsubTopic: undefined })).toEqual([]);
  expect(await left()).toEqual(['AAAAden', 'AAAAlab']);
  await keep([]);
  expect(await left()).toEqual(['AAAAden']);
});

it('a space whose subscription fails has a reason, and a lost answer leaves no double subscription', async () => {
  expect(await keep(['spaces/none', ops])).toMatchObject([
    { failure: { kind: 'permanent', code: 'google_invalid_argument' } },
    { did: 'created' },
  ]);
  await keep([]);
  const [path, failed] = ['/subscriptions', { done: true, error: { code: 13, message: 'Internal' } }];
  await bench.fault('google-chat', { path, match: ops, status: 200, body: failed });
  expect(await keep([ops])).toMatchObject([{ failure: { kind: 'transient' } }]);
  await bench.fault('google-chat', { path, match: ops, mode: 'commit-then-status', status: 503 });
  expect(await keep([ops])).toMatchObject([{ failure: { kind: 'transient' } }]);
  expect(await keep([ops])).toMatchObject([{ did: 'nothing' }]);
});

it.each([
  ['a person', { historyUser: undefined }, 'no_workspace_events'],
  ['a service account that pushes', { pushServiceAccount: undefined }, 'no_workspace_events'],
  ['a person of the organisation', { historyUser: 'nobody@elsewhere.example' }, 'invalid_grant'],
])('subscriptions to Google Chat are refused without %s', async (_, change, code) => {
  const failure = await keep([ops], change).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SendFailure);
  expect(failure).toMatchObject({ kind: 'permanent', affects: 'connection', code });
});

it('subscriptions to Google Chat are kept only if the settings name a topic', () => {
  expect(googleChat.inbound?.subscriptions?.isKept({})).toBe(false);
  expect(googleChat.inbound?.subscriptions?.isKept({ pubsubTopic })).toBe(true);
});

describe('pushes for subscribed spaces', () => {
  let app: FastifyInstance;
  let got: Received[];
  let changed: object;
  beforeEach(async () => {
    [app, got, changed] = [fastify(), [], {}];
    const keys = createSigningKeys(bench.http);
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.post('/', async ({ headers, body }, reply) => {
      const request = { method: 'POST', path: '', query: new URLSearchParams(), headers, body } as HookRequest;
      const received = await googleChat.inbound!.receive(request, connection(changed), { now: new Date(), keys });
      got.push(received);
      return reply.code(received.answer.status).send(received.answer.body);
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const { pushAudience: audience, pushServiceAccount: email } = usual('');
    const subscriber = { url, kind: 'push', audience, email, topic: pubsubTopic };
    await bench.control('google-chat', 'subscribe', { subscriptions: [subscriber] });
  });
  afterEach(() => app.close());

  it('pushes come only for spaces with an active subscription', async () => {
    await rooms.act('google-chat', { room: ops, text: 'too early' });
    await keep([ops]);
    await rooms.act('google-chat', { room: lab, text: 'elsewhere' });
    await rooms.act('google-chat', { room: ops, text: 'heard' });
    await eventually('it came', () => got.length > 0);
    await bench.control('google-chat', 'lifecycle', { event: 'suspended', isTold: false });
    await rooms.act('google-chat', { room: ops, text: 'while it is suspended' });
    await keep([ops]);
    await rooms.act('google-chat', { room: ops, text: 'heard again' });
    await eventually('it came', () => got.length > 1);
    expect(got).toMatchObject([
      { events: [{ event: { text: 'heard' } }] },
      { events: [{ event: { text: 'heard again' } }] },
    ]);
  });

  it.each([
    ['suspended', 'enabled'],
    ['expirationReminder', 'renewed'],
    ['expired', 'created'],
  ])('a lifecycle event "%s" makes Carillon check its subscriptions', async (event, did) => {
    await keep([ops]);
    await bench.control('google-chat', 'lifecycle', { event });
    const received = await eventually('it came', () => got[0]);
    expect(received).toMatchObject({
      kind: 'events',
      wantsLook: true,
      events: [{ ignored: 'subscription_lifecycle' }],
    });
    // After such an event, a subscription is renewed however long it would still live.
    expect(await keep([ops], {}, 1e15)).toMatchObject([{ did }]);
    changed = { pubsubTopic: undefined };
    await keep([ops]);
    await bench.control('google-chat', 'lifecycle', { event: 'expirationReminder' });
    const other = await eventually('it came', () => got[1]);
    expect(other).not.toHaveProperty('wantsLook');
  });
});

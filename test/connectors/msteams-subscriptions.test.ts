import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAccessTokens } from '../../src/connectors/access-tokens.ts';
import type { HookRequest, Received } from '../../src/connectors/inbound.ts';
import { msteams } from '../../src/connectors/msteams/index.ts';
import type { SubscriptionContext } from '../../src/connectors/subscriptions.ts';
import type { InboundEvent } from '../../src/domain/inbound.ts';
import { eventually } from '../support/eventually.ts';
import { channel, chat, settings as usual } from '../support/msteams.ts';
import { roomsAt } from '../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../support/simulators.ts';

const minute = 60_000;
const secrets = ['a-notification-secret', 'an-older-notification-secret'];
const team = 'fbe2bf47-16c8-47cf-b4a5-4b9b187c508b';
const inChannel = { room: channel, address: { conversation: channel, team } };
const inChat = { room: chat, address: { conversation: chat } };

interface Subscription {
  readonly id: string;
  readonly resource: string;
  readonly clientState: string;
  readonly expirationDateTime: string;
}

let bench: SimulatorBench;
/** The hook, with the connector's own code behind it. */
let server: Server;
const got: { request: HookRequest; received: Received }[] = [];
let change: object = {};

const settings = () => ({
  ...usual(bench.url),
  graphTenant: 'tenant-sim',
  graphUrl: `${bench.url}/msteams/graph/v1.0/`,
  graphEvents: true,
  notificationSecrets: secrets,
  ...change,
});
const hookUrl = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/acme`;
const connection = () => ({ id: 'acme', url: hookUrl(), settings: settings() });
const receive = async (request: HookRequest): Promise<Received> => {
  const received = await msteams.inbound?.receive(request, connection(), {
    now: new Date(),
    keys: { find: async () => undefined },
  });
  if (received === undefined) throw new Error('nothing comes in');
  return received;
};

beforeEach(async () => {
  got.length = 0;
  change = {};
  bench = await startSimulatorBench(['msteams']);
  server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const query = new URL(message.url ?? '', 'http://x').searchParams;
      const headers = message.headers as Record<string, string>;
      const request = { method: 'POST', path: '', query, headers, body: Buffer.concat(chunks) };
      void receive(request).then((received) => {
        got.push({ request, received });
        const { status, headers: more, body } = received.answer;
        response.writeHead(status, more).end(typeof body === 'object' ? JSON.stringify(body) : body);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await bench.stop();
});

const context = (aheadMs = 0, until = 15 * minute): SubscriptionContext => {
  const now = new Date(Date.now() + aheadMs);
  return {
    http: bench.http,
    tokens: createAccessTokens(),
    now,
    timeoutMs: 5_000,
    signal: new AbortController().signal,
    until: new Date(now.getTime() + until),
  };
};
const keep = (rooms: object[], ...when: number[]) =>
  msteams.inbound?.subscriptions?.keep(rooms as never, connection(), context(...when));
const subscriptions = async () =>
  (await bench.accepted<{ subscriptions: Subscription[] }>('msteams')).subscriptions;
const minutesLeft = async () =>
  (await subscriptions()).map(({ expirationDateTime }) =>
    Math.round((Date.parse(expirationDateTime) - Date.now()) / minute),
  );
const fetchIt = (event: InboundEvent) => msteams.inbound?.fetch?.(event, connection(), context());
/** The events of the next notification. */
async function told(count = 1): Promise<InboundEvent[]> {
  const events = () =>
    got.flatMap(({ received }) =>
      received.kind === 'events' ? received.events.flatMap((one) => ('event' in one ? [one.event] : [])) : [],
    );
  await eventually(`${count} came`, () => events().length >= count);
  return events();
}

describe('subscriptions by Microsoft Graph', () => {
  it('are made for a channel and a chat, for less than an hour, after the address was validated', async () => {
    expect(await keep([inChannel, inChat])).toMatchObject([
      { room: channel, did: 'created' },
      { room: chat, did: 'created' },
    ]);
    expect(got.map(({ received }) => received)).toMatchObject([{ kind: 'answered' }, { kind: 'answered' }]);
    expect(await subscriptions()).toMatchObject([
      { resource: `/teams/${team}/channels/${encodeURIComponent(channel)}/messages` },
      { resource: `/chats/${encodeURIComponent(chat)}/messages` },
    ]);
    expect(JSON.stringify(await subscriptions())).not.toContain(secrets[0]);
    expect(await keep([inChannel, inChat])).toMatchObject([{ did: 'nothing' }, { did: 'nothing' }]);
    expect(await minutesLeft()).toEqual([55, 55]);
  });

  it('are renewed before they lapse, and made again where they have', async () => {
    await keep([inChat]);
    const [first] = await subscriptions();
    const setClock = (ms: number) => bench.control('msteams', 'clock', { aheadMs: ms });
    await setClock(39 * minute);
    expect(await keep([inChat], 39 * minute)).toMatchObject([{ did: 'nothing' }]);
    await setClock(41 * minute);
    expect(await keep([inChat], 41 * minute)).toMatchObject([{ did: 'renewed' }]);
    expect([await minutesLeft(), (await subscriptions())[0]?.id]).toEqual([[96], first?.id]);
    await setClock(100 * minute);
    expect(await subscriptions()).toEqual([]);
    expect(await keep([inChat], 100 * minute)).toMatchObject([{ did: 'created' }]);
  });

  it('are replaced when the secret is changed, and ended when no bridge has the room', async () => {
    await keep([inChannel, inChat]);
    change = { notificationSecrets: ['a-secret-that-is-new', ...secrets] };
    expect(await keep([inChat])).toMatchObject([{ did: 'replaced' }]);
    const [first, ...more] = await subscriptions();
    expect([first?.resource, more]).toEqual([`/chats/${encodeURIComponent(chat)}/messages`, []]);
    await keep([]);
    expect(await subscriptions()).toEqual([]);
  });

  it('leave alone what calls another address', async () => {
    await keep([inChat]);
    const other = msteams.inbound?.subscriptions?.keep([], { ...connection(), url: 'https://b.example/h' }, context());
    await other;
    expect(await subscriptions()).toHaveLength(1);
  });

  it('say why they cannot be had', async () => {
    const noTeam = { room: channel, address: { conversation: channel } };
    expect(await keep([noTeam, inChat])).toMatchObject([{ failure: { code: 'no_team' } }, { did: 'created' }]);
    change = { notificationSecrets: ['never-what-is-asked'], graphEvents: false };
    // The address does not answer the handshake: nothing is made.
    expect(await keep([inChannel])).toMatchObject([{ failure: { kind: 'permanent', code: 'graph_validationerror' } }]);
    change = { graphTenant: undefined };
    await expect(keep([inChat])).rejects.toMatchObject({ kind: 'permanent', code: 'no_graph', scope: 'connection' });
  });
});

describe('a notification of Microsoft Graph', () => {
  const act = (action: object) => roomsAt(bench.url).act('msteams', { room: channel, ...action });
  beforeEach(() => keep([inChannel]));

  it('is a message whose content is fetched, with the key that the bot’s activity of it has', async () => {
    const { id } = await act({ content: [{ text: 'so ' }, { text: 'strong', bold: true }] });
    const [event] = await told();
    expect(event).toMatchObject({ kind: 'created', key: `created ${channel} ${id}`, room: channel, isIncomplete: true });
    const whole = await fetchIt(event as InboundEvent);
    expect(whole).toMatchObject({
      key: event?.key,
      nativeId: `${channel};messageid=${id}/${id}`,
      text: 'so **strong**',
      // As the bot connector names her, so that she is one person in both.
      sender: { id: '29:1ann-sim', name: 'Ann Archer' },
    });
    expect(whole).not.toHaveProperty('isIncomplete');
  });

  it('is a reply in its thread', async () => {
    const { id: root } = await act({ text: 'root' });
    const { id } = await act({ text: 'reply', thread: root, user: 'ben' });
    const [, reply] = await told(2);
    expect(await fetchIt(reply as InboundEvent)).toMatchObject({
      nativeId: `${channel};messageid=${root}/${id}`,
      thread: `${channel};messageid=${root}/${root}`,
      text: 'reply',
    });
  });

  it('is an edit or a reaction, which nobody tells apart before it is fetched', async () => {
    const { id } = await act({ text: 'first' });
    await act({ do: 'edit', id, text: 'second' });
    const [, edit] = await told(2);
    expect(await fetchIt(edit as InboundEvent)).toMatchObject({ events: [{ kind: 'edited', text: 'second' }] });
    await act({ do: 'react', id, user: 'ben', emoji: '👍' });
    const [, , reaction] = await told(3);
    expect(await fetchIt(reaction as InboundEvent)).toMatchObject({
      events: [
        { kind: 'edited', text: 'second' },
        { kind: 'reacted', emoji: '👍', sender: { id: '29:1ben-sim' } },
      ],
    });
  });

  it('is a deletion, and what was deleted before it was fetched is gone', async () => {
    const { id } = await act({ text: 'oops' });
    await act({ do: 'delete', id });
    const [said, gone] = await told(2);
    expect(gone).toMatchObject({ kind: 'deleted', key: `deleted ${channel} ${id}` });
    expect(gone).not.toHaveProperty('isIncomplete');
    expect(await fetchIt(said as InboundEvent)).toBe('gone');
  });

  it('of our own post is passed over', async () => {
    const token = await fetch(`${bench.url}/msteams/login/x/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: usual('').appId,
        client_secret: 'x',
        scope: 'https://api.botframework.com/.default',
      }),
    });
    const { access_token: bearer } = (await token.json()) as { access_token: string };
    await fetch(`${bench.url}/msteams/service/v3/conversations/${channel}/activities`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}` },
      body: JSON.stringify({ type: 'message', text: 'ours' }),
    });
    const [event] = await told();
    expect(await fetchIt(event as InboundEvent)).toEqual({ ignored: 'own_post' });
  });

  it('is refused where its clientState is another one', async () => {
    await act({ text: 'x' });
    await told();
    const genuine = got.at(-1)?.request;
    if (genuine === undefined) throw new Error('nothing came');
    const forge = (body: string) => receive({ ...genuine, body: Buffer.from(body) });
    const body = genuine.body.toString();
    expect(await forge(body)).toMatchObject({ kind: 'events', answer: { status: 202 } });
    for (const state of ['', 'x'.repeat(64), 'short'])
      expect(await forge(body.replace(/"clientState":"[^"]*"/, `"clientState":"${state}"`))).toMatchObject({
        kind: 'refused',
        code: 'bad_signature',
        answer: { status: 401 },
      });
    expect(await forge(body.replace(/"clientState":"[^"]*",/, ''))).toMatchObject({ kind: 'refused' });
    expect(await forge('{}')).toMatchObject({ kind: 'refused', code: 'missing_signature' });
    change = { notificationSecrets: ['another-notification-secret', ...secrets] };
    expect(await forge(body)).toMatchObject({ kind: 'events' });
    change = { notificationSecrets: ['another-notification-secret'] };
    expect(await forge(body)).toMatchObject({ kind: 'refused' });
    change = { graphEvents: false };
    expect(await forge(body)).toMatchObject({ kind: 'refused', code: 'missing_signature' });
  });

  it('of which only a part is ours counts for that part', async () => {
    await act({ text: 'x' });
    const [event] = await told();
    const { value } = JSON.parse(got.at(-1)?.request.body.toString() ?? '') as { value: object[] };
    const strange = { ...value[0], clientState: 'x', resource: `chats('${chat}')/messages('1')` };
    const body = Buffer.from(JSON.stringify({ value: [strange, ...value] }));
    const received = await receive({ method: 'POST', path: '', query: new URLSearchParams(), headers: {}, body });
    expect(received).toMatchObject({ events: [{ event: { key: event?.key } }, { ignored: 'bad_client_state' }] });
  });

  it.each(['reauthorizationRequired', 'subscriptionRemoved', 'missed'])('asks for a look by %s', async (event) => {
    await bench.control('msteams', 'lifecycle', { event });
    const { received } = await eventually('it came', () => got[1]);
    expect(received).toMatchObject({ kind: 'events', wantsLook: true, events: [{ ignored: 'subscription_lifecycle' }] });
    const did = event === 'subscriptionRemoved' ? 'created' : 'renewed';
    // What was asked for is renewed however long it is good.
    expect(await keep([inChannel], 0, 1e15)).toMatchObject([{ did }]);
  });
});

import { msteams } from '../../../src/connectors/msteams/index.ts';
import type { InboundEvent } from '../../../src/domain/inbound.ts';
import { eventually } from '../../support/eventually.ts';
import { inChannel, minute, secrets, startGraphHook, type GraphHook } from '../../support/graph-hook.ts';
import { channel, chat, settings as usual } from '../../support/msteams.ts';
import { roomsAt } from '../../support/rooms.ts';

let hook: GraphHook;
beforeEach(async () => void (hook = await startGraphHook()));
afterEach(() => hook.stop());

const fetchIt = (event: InboundEvent) => msteams.inbound?.fetch?.(event, hook.connection(), hook.context());
/** Waits for that many events and returns all events so far. */
async function told(count = 1): Promise<InboundEvent[]> {
  const events = () =>
    hook.got.flatMap(({ received }) =>
      received.kind === 'events' ? received.events.flatMap((one) => ('event' in one ? [one.event] : [])) : [],
    );
  await eventually(`${count} came`, () => events().length >= count);
  return events();
}

describe('a notification of Microsoft Graph', () => {
  const act = (action: object) => roomsAt(hook.bench.url).act('msteams', { room: channel, ...action });
  beforeEach(() => hook.keep([inChannel]));

  it("a new message is fetched, and its event has the same key and sender as the bot's activity", async () => {
    const { id } = await act({ content: [{ text: 'so ' }, { text: 'strong', bold: true }] });
    const [event] = await told();
    expect(event).toMatchObject({
      kind: 'created',
      key: `created ${channel} ${id}`,
      room: channel,
      isIncomplete: true,
    });
    const whole = await fetchIt(event as InboundEvent);
    expect(whole).toMatchObject({
      key: event?.key,
      nativeId: `${channel};messageid=${id}/${id}`,
      text: 'so **strong**',
      // The bot connector's id of the sender, so that both APIs give the same person.
      sender: { id: '29:1ann-sim', name: 'Ann Archer' },
    });
    expect(whole).not.toHaveProperty('isIncomplete');
  });

  it('a reply is fetched with its thread', async () => {
    const { id: root } = await act({ text: 'root' });
    const { id } = await act({ text: 'reply', thread: root, user: 'ben' });
    const [, reply] = await told(2);
    expect(await fetchIt(reply as InboundEvent)).toMatchObject({
      nativeId: `${channel};messageid=${root}/${id}`,
      thread: `${channel};messageid=${root}/${root}`,
      text: 'reply',
    });
  });

  it('an update is fetched as an edit and the present reactions, because Graph does not say which it was', async () => {
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

  it('a deletion is read without fetching, and a message that was deleted before it is fetched is gone', async () => {
    const { id } = await act({ text: 'oops' });
    await act({ do: 'delete', id });
    const [said, gone] = await told(2);
    expect(gone).toMatchObject({ kind: 'deleted', key: `deleted ${channel} ${id}` });
    expect(gone).not.toHaveProperty('isIncomplete');
    expect(await fetchIt(said as InboundEvent)).toBe('gone');
  });

  it('a notification of our own post is ignored', async () => {
    const token = await fetch(`${hook.bench.url}/msteams/login/x/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: usual('').appId,
        client_secret: 'x',
        scope: 'https://api.botframework.com/.default',
      }),
    });
    const { access_token: bearer } = (await token.json()) as { access_token: string };
    await fetch(`${hook.bench.url}/msteams/service/v3/conversations/${channel}/activities`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}` },
      body: JSON.stringify({ type: 'message', text: 'ours' }),
    });
    const [event] = await told();
    expect(await fetchIt(event as InboundEvent)).toEqual({ ignored: 'own_post' });
  });

  it('a notification with a wrong clientState is refused', async () => {
    await act({ text: 'x' });
    await told();
    const genuine = hook.got.at(-1)?.request;
    if (genuine === undefined) throw new Error('nothing came');
    const forge = (body: string) => hook.receive({ ...genuine, body: Buffer.from(body) });
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
    hook.set({ notificationSecrets: ['another-notification-secret', ...secrets] });
    expect(await forge(body)).toMatchObject({ kind: 'events' });
    hook.set({ notificationSecrets: ['another-notification-secret'] });
    expect(await forge(body)).toMatchObject({ kind: 'refused' });
    hook.set({ graphEvents: false });
    expect(await forge(body)).toMatchObject({ kind: 'refused', code: 'missing_signature' });
  });

  it('the genuine notifications of a request count, although others in it have a wrong clientState', async () => {
    await act({ text: 'x' });
    const [event] = await told();
    const { value } = JSON.parse(hook.got.at(-1)?.request.body.toString() ?? '') as { value: object[] };
    const strange = { ...value[0], clientState: 'x', resource: `chats('${chat}')/messages('1')` };
    const body = Buffer.from(JSON.stringify({ value: [strange, ...value] }));
    const received = await hook.receive({ method: 'POST', path: '', query: new URLSearchParams(), headers: {}, body });
    expect(received).toMatchObject({ events: [{ event: { key: event?.key } }, { ignored: 'bad_client_state' }] });
  });

  it.each(['reauthorizationRequired', 'subscriptionRemoved', 'missed'])(
    'the lifecycle event %s makes Carillon check its subscriptions',
    async (event) => {
      await hook.bench.control('msteams', 'lifecycle', { event });
      const { received } = await eventually('it came', () => hook.got[1]);
      expect(received).toMatchObject({
        kind: 'events',
        wantsLook: true,
        events: [{ ignored: 'subscription_lifecycle' }],
      });
      const since = received.kind === 'events' ? received.missedSince?.getTime() : undefined;
      expect(since === undefined ? undefined : Math.round((Date.now() - since) / minute)).toBe(
        event === 'missed' ? 240 : undefined,
      );
      const did = event === 'subscriptionRemoved' ? 'created' : 'renewed';
      // After such an event, a subscription is renewed however long it would still live.
      expect(await hook.keep([inChannel], 0, 1e15)).toMatchObject([{ did }]);
    },
  );
});

import type { Outgoing } from '../../../src/connectors/contract/connector.ts';
import { createAccessTokens } from '../../../src/connectors/http/access-tokens.ts';
import { zoom } from '../../../src/connectors/zoom/index.ts';
import { markLength, markOf, withoutMarks } from '../../../src/connectors/text/invisible-mark.ts';
import {
  attempt,
  deletionOf,
  editOf,
  failureOf,
  freshMessageId,
  reactionTo,
  replyTo,
  sampleOutgoing,
  sendContext,
  type Created,
} from '../../support/outgoing.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { channelOf, held, reactionsOf, target } from '../../support/zoom.ts';

let bench: SimulatorBench;
beforeAll(async () => {
  bench = await startSimulatorBench(['zoom']);
});
afterEach(() => bench.clearFaults('zoom'));
afterAll(() => bench.stop());

const post = async (out: Outgoing): Promise<Created> => ({
  out,
  receipt: await attempt(zoom, out, sendContext(bench.http)),
});
const create = (channel: string, text = 'first', more: object = {}) =>
  post(sampleOutgoing(target(bench.url, channelOf(channel), more), { id: freshMessageId(), content: { text } }));
const lookUp = async (out: Outgoing, since = new Date(Date.now() - 60_000)) =>
  zoom.reconcile?.(out, since, sendContext(bench.http));
const last = async (channel: string) => (await held(bench, channelOf(channel))).at(-1);

describe('a post in Zoom', () => {
  it('a post has its formats as data, the mark before its text, and the token', async () => {
    const out = sampleOutgoing(target(bench.url, channelOf('a')));
    const receipt = await attempt(zoom, out, sendContext(bench.http));
    const message = await last('a');
    expect(message?.message).toBe(`${markOf(out.delivery)}Disk full on db-3`);
    expect(message?.rich_text).toEqual([
      { start_position: markLength, end_position: markLength + 9, format_type: 'Bold' },
    ]);
    expect(receipt).toEqual({ nativeId: `${channelOf('a')}:${message?.id}`, status: 201 });
    const request = (await bench.requests('zoom')).at(-1);
    expect(request?.path).toBe('/zoom/v2/chat/users/carillon%40example.com/messages');
    expect(request?.headers['authorization']).toBe('Bearer simulated-access-token-1');
  });

  it('a bridged post shows its author and platform, also after an edit', async () => {
    const author = { name: 'Ann Archer', source: 'Slack' };
    const created = await post({ ...sampleOutgoing(target(bench.url, channelOf('b'))), author });
    expect(withoutMarks((await last('b'))?.message ?? '')).toBe('Ann Archer (Slack): Disk full on db-3');
    await post({ ...editOf(created, 'all is *well*'), author });
    expect(await last('b')).toMatchObject({ rich_text: [] });
    expect(withoutMarks((await last('b'))?.message ?? '')).toBe('Ann Archer (Slack): all is well');
    expect((await last('b'))?.message.startsWith('\u2063\u2062\u2063\u2064')).toBe(true);
  });

  it('a post mentions a person by the e-mail address that Zoom has for them, and nobody who is unknown', async () => {
    const ann = 'AnnzUser0zUser0zUser0z';
    const text = 'see [@Ann](mention:acme-zoom/1) and [@Eve](mention:acme-zoom/2) and [@Guy](mention:x/3) @all';
    const people = new Map([
      ['mention:acme-zoom/1', { id: ann, name: 'Ann Archer' }],
      ['mention:acme-zoom/2', { id: 'nobody', name: 'Eve' }],
    ]);
    await post({ ...sampleOutgoing(target(bench.url, channelOf('c')), { content: { text } }), people });
    expect(withoutMarks((await last('c'))?.message ?? '')).toBe('see @Ann Archer and @Eve and @Guy @all');
    const start_position = markLength + 4;
    expect((await last('c'))?.at_items).toEqual([
      { at_contact: ann, at_type: 1, start_position, end_position: start_position + 10 },
    ]);
  });

  it('a post is cut, with its mark, at the length in the settings', async () => {
    await create('d', 'word '.repeat(500));
    const cut = (await last('d'))?.message ?? '';
    expect(cut.length).toBeLessThanOrEqual(1_024);
    expect(cut.length).toBeGreaterThan(1_010);
    expect(cut.endsWith('word…')).toBe(true);
    await create('d', 'word '.repeat(500), { maxText: '200' });
    expect((await last('d'))?.message.length).toBeLessThanOrEqual(200);
  });

  it('an empty post is refused', async () => {
    expect(await failureOf(create('e', ' \n'))).toMatchObject({ kind: 'permanent', code: 'no_text' });
  });

  it('a reply to a reply goes to the main message of the thread', async () => {
    const root = await create('f');
    const reply = await post(replyTo(root));
    const second = await post(replyTo(reply));
    const rootId = root.receipt?.nativeId.split(':')[1];
    for (const one of [reply, second])
      expect(one.receipt?.nativeId).toMatch(new RegExp(`^${channelOf('f')}:[0-9A-F-]+:${rootId}$`));
  });

  it('a reply to a deleted message is posted in the channel, says so, and is found there by the look-up', async () => {
    const root = await create('i');
    await post(deletionOf(root));
    const reply = await post(replyTo(root));
    expect(reply.receipt).toMatchObject({ degraded: { code: 'thread_missing' }, status: 201 });
    expect(withoutMarks((await last('i'))?.message ?? '')).toBe('a reply');
    expect(await lookUp(reply.out)).toMatchObject({
      nativeId: reply.receipt?.nativeId,
      degraded: { code: 'thread_missing' },
    });
  });

  it('a reply to a message in a channel that the destination has left starts no thread in the new one', async () => {
    const out = { ...replyTo(await create('g')), destination: target(bench.url, channelOf('h')).destination };
    const moved = await post(out);
    expect(moved.receipt).toMatchObject({ degraded: { code: 'thread_missing' } });
    expect(await last('h')).not.toHaveProperty('reply_main_message_id');
  });
});

describe('an edit in Zoom', () => {
  it('an edit that loses formats says so, and an edit that loses nothing does not', async () => {
    const created = await create('k', 'plain');
    expect((await post(editOf(created, 'still plain'))).receipt).not.toHaveProperty('degraded');
    expect((await post(editOf(created, 'now **strong**'))).receipt).toMatchObject({ degraded: { code: 'plain_text' } });
    await post(editOf(created, '[docs](https://a.b/c)'));
    expect(withoutMarks((await last('k'))?.message ?? '')).toBe('docs (https://a.b/c)');
  });
});

describe('a reaction in Zoom', () => {
  it('a custom emoji is refused, and a named emoji of Unicode is added', async () => {
    const created = await create('l');
    expect(await failureOf(post(reactionTo(created, ':partyparrot:')))).toMatchObject({ code: 'unknown_emoji' });
    await post(reactionTo(created, ':tada:'));
    expect(await reactionsOf(bench, created)).toEqual(['🎉']);
  });

  it('a reaction to a deleted message is refused, and removing one from it counts as done', async () => {
    const created = await create('l');
    await post(deletionOf(created));
    expect(await failureOf(post(reactionTo(created, '👍')))).toMatchObject({ kind: 'permanent', affects: 'message' });
    await post(reactionTo(created, '👍', 'unreact'));
  });
});

describe('the token of Zoom', () => {
  it('a token is cached, and renewed if it is refused early', async () => {
    const tokens = createAccessTokens();
    const send = () =>
      attempt(zoom, sampleOutgoing(target(bench.url, channelOf('m'))), sendContext(bench.http, { tokens }));
    const count = async () => (await bench.requests('zoom')).filter(({ path }) => path.endsWith('/token')).length;
    const before = await count();
    await send();
    await send();
    expect(await count()).toBe(before + 1);
    await bench.control('zoom', 'revoke', {});
    await send();
    expect(await count()).toBe(before + 2);
  });

  it('refused credentials are a permanent failure of the connection', async () => {
    const out = sampleOutgoing(target(bench.url, channelOf('m'), { clientSecret: 'wrong' }));
    expect(await failureOf(post(out))).toMatchObject({
      kind: 'permanent',
      affects: 'connection',
      code: 'invalid_client',
    });
  });

  it('a new token that is refused may be tried again later', async () => {
    await bench.fault('zoom', { path: '/messages', status: 401, times: 0 });
    expect(await failureOf(create('m'))).toMatchObject({ kind: 'transient', affects: 'connection' });
  });
});

import { startSimulators } from '../../../src/simulators/index.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';

let bench: SimulatorBench;
beforeEach(async () => {
  bench = await startSimulatorBench(['slack']);
});
afterEach(() => bench.stop());

const slack = async (method: string, body: object, token = 'xoxb-1'): Promise<Record<string, unknown>> => {
  const response = await fetch(`${bench.url}/slack/api/${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Record<string, unknown>;
};
const channel = 'C0OPS';
const post = async (text: string, more: object = {}): Promise<string> =>
  String((await slack('chat.postMessage', { channel, text, ...more }))['ts']);
const thread = async (ts: string, more: object = {}) =>
  (await slack('conversations.replies', { channel, ts, ...more }))['messages'] as Record<string, unknown>[];
const refused = (error: string) => ({ ok: false, error });

describe('the Slack simulator', () => {
  const metadata = { event_type: 't', event_payload: { id: 1 } };

  it('the Slack simulator reads JSON and forms, and answers errors in the body', async () => {
    const form = new URLSearchParams({
      channel: 'C0OPS',
      text: 'form',
      metadata: JSON.stringify(metadata),
      token: 'xoxb-1',
    });
    const response = await fetch(`${bench.url}/slack/api/chat.postMessage`, { method: 'POST', body: form });
    expect(await response.json()).toMatchObject({ ok: true, channel: 'C0OPS', message: { text: 'form', metadata } });
    expect(await slack('chat.postMessage', { channel: 'nowhere', text: 'x' })).toEqual({
      ok: false,
      error: 'channel_not_found',
    });
    expect(await slack('chat.postMessage', { channel: 'C0OPS' })).toEqual({ ok: false, error: 'no_text' });
    expect(await slack('auth.test', {})).toMatchObject({ ok: true, bot_id: 'B0CARILLON' });
    const anonymous = await fetch(`${bench.url}/slack/api/auth.test`, { method: 'POST' });
    expect(await anonymous.json()).toEqual({ ok: false, error: 'not_authed' });
  });

  it('the Slack simulator gives messages rising timestamps, and warns when it cuts a long text', async () => {
    const stamps = [];
    for (let count = 0; count < 3; count += 1) {
      const { ts } = await slack('chat.postMessage', { channel: 'C0OPS', text: 'x' });
      expect(ts).toMatch(/^\d{10}\.\d{6}$/);
      stamps.push(String(ts));
    }
    expect([...new Set(stamps)].sort()).toEqual(stamps);
    expect(await slack('chat.postMessage', { channel: 'C0OPS', text: 'x'.repeat(40_001) })).toMatchObject({
      response_metadata: { warnings: ['message_truncated'] },
    });
  });

  it('the Slack simulator lists the history newest first, without replies, with metadata on request', async () => {
    const stamps: string[] = [];
    for (const text of ['a', 'b', 'c'])
      stamps.push(String((await slack('chat.postMessage', { channel: 'C0OPS', text, metadata }))['ts']));
    const [first = '', second = '', third = ''] = stamps;
    await slack('chat.postMessage', { channel: 'C0OPS', text: 'reply', thread_ts: first });
    const texts = async (params: object): Promise<unknown[]> => {
      const { messages } = await slack('conversations.history', { channel: 'C0OPS', ...params });
      return (messages as { text: string }[]).map(({ text }) => text);
    };
    expect(await texts({})).toEqual(['c', 'b', 'a']);
    expect(await texts({ oldest: first, latest: third })).toEqual(['b']);
    expect(await texts({ oldest: first, latest: third, inclusive: true })).toEqual(['c', 'b', 'a']);
    expect(await texts({ oldest: second })).toEqual(['c']);
    const page = await slack('conversations.history', { channel: 'C0OPS', limit: 2, include_all_metadata: true });
    expect(page).toMatchObject({ has_more: true, messages: [{ text: 'c', metadata }, { text: 'b' }] });
    const { next_cursor: cursor } = page['response_metadata'] as { next_cursor: string };
    const rest = await slack('conversations.history', { channel: 'C0OPS', limit: 2, cursor });
    expect(rest).toMatchObject({ has_more: false, messages: [{ text: 'a', metadata: { event_type: 't' } }] });
    expect(JSON.stringify(rest)).not.toContain('event_payload');
  });

  it('an edit in the Slack simulator replaces the text, keeps other metadata, and is marked as an edit', async () => {
    const ts = await post('a', { metadata });
    expect(await slack('chat.update', { channel, ts, text: 'b' })).toEqual({ ok: true, channel, ts, text: 'b' });
    const read = async () =>
      ((await slack('conversations.history', { channel, include_all_metadata: true }))['messages'] as object[])[0];
    expect(await read()).toMatchObject({ ts, text: 'b', metadata, edited: { user: 'U0CARILLON' } });
    await slack('chat.update', { channel, ts, text: 'c', metadata: {} });
    expect(await read()).not.toHaveProperty('metadata');
  });

  it("the Slack simulator refuses a bad edit with Slack's error code", async () => {
    const ts = await post('a');
    const update = (more: object) => slack('chat.update', { channel, ts, text: 'b', ...more });
    expect(await update({ ts: '1.000000' })).toEqual(refused('message_not_found'));
    expect(await update({ ts: undefined })).toEqual(refused('invalid_arguments'));
    expect(await update({ channel: 'nowhere' })).toEqual(refused('channel_not_found'));
    expect(await update({ text: 'x'.repeat(4_001) })).toEqual(refused('msg_too_long'));
    expect(await update({ text: '' })).toEqual(refused('no_text'));
    expect(await update({ text: 'x'.repeat(4_000) })).toMatchObject({ ok: true });
  });

  it('the Slack simulator no longer shows or changes a deleted message', async () => {
    const ts = await post('a');
    expect(await slack('chat.delete', { channel, ts })).toEqual({ ok: true, channel, ts });
    expect(await slack('conversations.history', { channel })).toMatchObject({ messages: [] });
    expect(await slack('chat.delete', { channel, ts })).toEqual(refused('message_not_found'));
    expect(await slack('chat.update', { channel, ts, text: 'b' })).toEqual(refused('message_not_found'));
    expect(await slack('conversations.replies', { channel, ts })).toEqual(refused('thread_not_found'));
    expect(await bench.accepted('slack')).toEqual({
      channels: { [channel]: [{ channel, ts, text: 'a', deleted: true }] },
    });
  });

  it('the Slack simulator lets a bot change only its own messages, and knows the bot by its token', async () => {
    const { ts } = await slack('chat.postMessage', { channel, text: 'a' }, 'xoxb-1-ann-x');
    expect(await slack('chat.update', { channel, ts, text: 'b' }, 'xoxb-1-bob-x')).toEqual(
      refused('cant_update_message'),
    );
    expect(await slack('chat.delete', { channel, ts }, 'xoxb-1-bob-x')).toEqual(refused('cant_delete_message'));
    expect(await slack('chat.delete', { channel, ts }, 'xoxb-1-ann-renewed')).toMatchObject({ ok: true });
  });

  it('the Slack simulator finds a thread by any of its messages, and pages through it from the root', async () => {
    const root = await post('root');
    const stamps = [];
    for (const text of ['r1', 'r2', 'r3']) stamps.push(await post(text, { thread_ts: root, metadata }));
    await post('other');
    const texts = (messages: Record<string, unknown>[]) => messages.map(({ text }) => text);
    expect(texts(await thread(root))).toEqual(['root', 'r1', 'r2', 'r3']);
    expect(texts(await thread(stamps[1] ?? ''))).toEqual(['root', 'r1', 'r2', 'r3']);
    expect(texts(await thread(root, { oldest: stamps[1], inclusive: true }))).toEqual(['root', 'r2', 'r3']);
    expect((await thread(root, { include_all_metadata: true })).at(-1)).toMatchObject({ thread_ts: root, metadata });
    const page = await slack('conversations.replies', { channel, ts: root, limit: 3 });
    expect(page).toMatchObject({ has_more: true, messages: [{ text: 'root' }, { text: 'r1' }, { text: 'r2' }] });
    const { next_cursor: cursor } = page['response_metadata'] as { next_cursor: string };
    expect(texts(await thread(root, { limit: 3, cursor }))).toEqual(['r3']);
    const { messages } = await slack('conversations.history', { channel });
    expect(messages).toEqual([
      expect.objectContaining({ text: 'other' }),
      expect.objectContaining({ text: 'root', thread_ts: root, reply_count: 3, latest_reply: stamps[2] }),
    ]);
    expect((messages as object[])[0]).not.toHaveProperty('reply_count');
  });

  it('the Slack simulator silently posts a reply into the channel if its root is deleted or is a reply', async () => {
    const root = await post('root');
    const inThread = await post('r1', { thread_ts: root });
    for (const thread_ts of ['1.000000', inThread]) {
      const { ok, message } = await slack('chat.postMessage', { channel, text: 'lost', thread_ts });
      expect(ok).toBe(true);
      expect(message).not.toHaveProperty('thread_ts');
    }
    await slack('chat.delete', { channel, ts: root });
    const { message } = await slack('chat.postMessage', { channel, text: 'late', thread_ts: root });
    expect(message).not.toHaveProperty('thread_ts');
    expect(await thread(root)).toEqual([
      { type: 'message', subtype: 'tombstone', ts: root, thread_ts: root },
      expect.objectContaining({ text: 'r1' }),
    ]);
  });

  it('the Slack simulator keeps edits, deletions and threads when it is killed', async () => {
    const [root, gone] = [await post('root', { metadata }), await post('gone')];
    await post('reply', { thread_ts: root });
    await slack('chat.update', { channel, ts: root, text: 'new' });
    await slack('chat.delete', { channel, ts: gone });
    const again = await startSimulators({ port: 0, dir: bench.dir, connectors: ['slack'] });
    const accepted = await (await fetch(`${again.url}/_sim/slack/accepted`)).json();
    await again.stop();
    expect(accepted).toEqual(await bench.accepted('slack'));
    expect(accepted).toMatchObject({
      channels: { [channel]: [{ text: 'new', metadata }, { text: 'gone', deleted: true }, { thread_ts: root }] },
    });
  });

  it.each(['chat.update', 'chat.delete', 'conversations.replies'])('a fault makes Slack fail in %s', async (method) => {
    const ts = await post('a');
    await bench.fault('slack', { path: method, status: 200, body: refused('fatal_error') });
    expect(await slack(method, { channel, ts, text: 'b' })).toEqual(refused('fatal_error'));
    expect(await slack(method, { channel, ts, text: 'b' })).toMatchObject({ ok: true });
  });
});

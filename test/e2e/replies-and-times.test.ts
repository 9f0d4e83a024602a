import { conversationAt } from '../support/conversation.ts';
import { eventually } from '../support/eventually.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** Replies, scheduled sends, and messages whose time is over. */
let stack: Stack;
let at: ReturnType<typeof conversationAt>;
beforeAll(async () => {
  stack = await startStack();
  at = conversationAt(stack);
}, 120_000);
afterAll(() => stack?.close());

const retry = { initialInterval: '200ms', multiplier: 1, maxInterval: '1s', maxAttempts: 6, deadline: '5m' };

describe('a reply', () => {
  it.concurrent('a reply goes into the thread of its parent, even if the parent is still retrying', async () => {
    await stack.slack('threads', 'CTHREADS', { retry: { ...retry, initialInterval: '2s', maxInterval: '2s' } });
    await stack.webhook('threads-hook');
    await stack.fault('slack', {
      path: 'chat.postMessage',
      match: 'CTHREADS',
      status: 200,
      body: { ok: false, error: 'ratelimited' },
    });
    const parent = await stack.post({ text: 'parent', destinations: ['threads', 'threads-hook'] });
    await eventually('the parent is tried again', async () =>
      (await stack.message(parent.id)).deliveries.some(({ state }) => state === 'retrying'),
    );
    const reply = await stack.post({ text: 'reply', destinations: ['threads', 'threads-hook'], thread: parent.id });
    expect(await stack.rest(reply.id)).toMatchObject({ state: 'delivered' });
    const [root, below] = await at.inSlack('CTHREADS');
    expect([root?.text, below?.text]).toEqual(['parent', 'reply']);
    expect(below?.thread_ts).toBe(root?.ts);
    expect(await at.told('threads-hook')).toMatchObject([{ text: 'parent' }, { text: 'reply', thread: parent.id }]);
    expect((await at.shown(reply.id)).thread).toBe(parent.id);
  });

  it.concurrent('a reply goes out alone and says so when its parent is parked', async () => {
    await stack.slack('orphans', 'CORPHANS');
    await stack.fault('slack', {
      path: 'chat.postMessage',
      match: 'CORPHANS',
      status: 200,
      body: { ok: false, error: 'msg_too_long' },
    });
    const parent = await at.post('parent', 'orphans');
    await at.until(parent.id, 'parked');
    const reply = await at.post('reply', 'orphans', { thread: parent.id });
    expect(await at.rested(reply.id)).toMatchObject({ state: 'delivered', degraded: [{ code: 'thread_missing' }] });
    expect(await at.texts('CORPHANS')).toEqual(['reply']);
  });

  it.concurrent('a reply goes out alone and says so when its parent was deleted in Slack', async () => {
    await stack.slack('removed', 'CREMOVED');
    const parent = await at.post('parent', 'removed');
    const [channel, ts] = (await at.rested(parent.id))?.receipt?.nativeId.split(':') ?? [];
    await fetch(`${stack.simulators}/slack/api/chat.delete`, {
      method: 'POST',
      headers: { authorization: 'Bearer xoxb-test', 'content-type': 'application/json' },
      body: JSON.stringify({ channel, ts }),
    });
    const reply = await at.post('reply', 'removed', { thread: parent.id });
    expect(await at.rested(reply.id)).toMatchObject({ state: 'delivered', degraded: [{ code: 'thread_missing' }] });
    expect(await at.texts('CREMOVED')).toEqual(['reply']);
  });

  it('a reply to an unknown message is refused', async () => {
    const answer = await stack.call('POST', '/v1/messages', {
      text: 'reply',
      destinations: ['orphans'],
      thread: 'msg_01m821ja90eskaf0f8jas8zfxd',
    });
    expect(answer).toMatchObject({ status: 422, body: { code: 'unknown_message' } });
  });
});

describe('times of messages', () => {
  it.concurrent(
    'a scheduled message is sent when it is due, and delays no message that is posted after it',
    async () => {
      await stack.webhook('timed');
      const due = Date.now() + 4_000;
      const more = { conversation: 'timed' };
      const { id } = await at.post('later', 'timed', { ...more, sendAt: new Date(due).toISOString() });
      const meanwhile = await at.post('meanwhile', 'timed', more);
      await at.until(meanwhile.id, 'delivered');
      expect(await at.shown(id)).toMatchObject({ sendAt: new Date(due).toISOString(), state: 'accepted' });
      await at.until(id, 'delivered');
      const taken = (await stack.requests('webhook')).filter(({ path }) => path === '/webhook/timed');
      expect(Date.parse(taken[1]?.at ?? '')).toBeGreaterThanOrEqual(due);
      expect((await at.told('timed')).map(({ text }) => text)).toEqual(['meanwhile', 'later']);
    },
  );

  it.concurrent('a scheduled message can be cancelled and edited before it is due', async () => {
    await stack.webhook('calendar');
    const sendAt = new Date(Date.now() + 3_000).toISOString();
    const [off, on] = [await at.post('off', 'calendar', { sendAt }), await at.post('on', 'calendar', { sendAt })];
    await stack.must('POST', `/v1/messages/${off.id}/cancel`);
    const change = await at.edit(on.id, 'on, and newer');
    await at.until(on.id, 'delivered');
    expect(await at.rested(change.id)).toMatchObject({ state: 'skipped', reason: { code: 'already_current' } });
    expect(await at.shown(off.id)).toMatchObject({ state: 'cancelled' });
    expect((await at.told('calendar')).map(({ text }) => text)).toEqual(['on, and newer']);
  });

  it.concurrent('a message whose time is over is not sent', async () => {
    await stack.webhook('expired');
    const { id } = await at.post('too late', 'expired', { expiresAt: new Date(Date.now() - 1_000).toISOString() });
    expect(await at.rested(id)).toMatchObject({ state: 'expired', attempts: 0, reason: { code: 'expired' } });
    expect(await at.told('expired')).toEqual([]);
  });

  it.concurrent(
    'a best-effort message expires visibly after its 15 minutes, and a must message has three days',
    async () => {
      await stack.webhook('classes');
      await stack.must('POST', '/v1/destinations/classes/pause');
      const best = await at.post('maybe', 'classes', { class: 'best-effort' });
      const { deliveries } = await at.shown(best.id);
      const { intent } = deliveries[0];
      expect(intent).toMatchObject({ class: 'best-effort', policy: 'best-effort' });
      const inMinutes = (Date.parse(intent.expiresAt) - Date.now()) / 60_000;
      expect([Math.ceil(inMinutes)]).toEqual([15]);
      await stack.sql`update deliveries set expires_at = clock_timestamp(), due_at = clock_timestamp() where message = ${best.id}`;
      await at.until(best.id, 'expired');
      expect(await at.shown(best.id)).toMatchObject({ state: 'failed', class: 'best-effort' });
      const must = await at.post('surely', 'classes', { class: 'must' });
      expect((await at.shown(must.id)).deliveries[0].intent).toMatchObject({ policy: 'three-days', expiresAt: null });
      await stack.must('POST', '/v1/destinations/classes/resume');
      await at.until(must.id, 'delivered');
      expect((await at.told('classes')).map(({ text }) => text)).toEqual(['surely']);
    },
  );
});

import { eventually } from '../support/eventually.ts';
import { longText, named, numberOf } from '../support/long-text.ts';
import { roomPosts } from '../support/room-posts.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** Long texts that come to rest in the middle. */
let stack: Stack;
let posts: ReturnType<typeof roomPosts>;
const [webex, slack, matrix] = [named('webex'), named('slack'), named('matrix')];
beforeAll(async () => {
  stack = await startStack();
  posts = roomPosts(stack);
  await posts.connect([webex, slack, matrix]);
}, 120_000);
afterAll(() => stack?.close());

const threeParts = longText(7_400 * 2.3).text;
const lost = { match: '(2/', mode: 'commit-then-status', status: 502, times: 1 };

it('a text that is parked in the middle goes on with the refused part when an operator retries it', async () => {
  const room = await posts.room(webex, 'parked');
  await stack.fault('webex', { path: '/messages', match: '(2/3)', status: 400, times: 1 });
  const { id, deliveries } = await stack.post({ text: threeParts, destinations: [room.id] });
  expect(await posts.delivery(id)).toMatchObject({
    state: 'parked',
    parts: { total: 3, arrived: 1 },
    reason: { code: 'http_400', message: expect.stringContaining('1 of 3 parts have arrived.') },
  });
  expect((await room.read()).map(numberOf)).toEqual(['1/3']);
  await stack.must('POST', `/v1/messages/${id}/retry`, {});
  await eventually('the rest is there', async () => (await stack.message(id)).state === 'delivered', 30_000);
  expect((await room.read()).map(numberOf)).toEqual(['1/3', '2/3', '3/3']);
  expect(await posts.attempts(deliveries[0]?.id ?? '')).toEqual([
    [1, 'delivered'],
    [2, 'permanent'],
    [2, 'delivered'],
    [3, 'delivered'],
  ]);
}, 90_000);

it('a text that is cancelled in the middle says how much has arrived, and a delete removes that', async () => {
  const room = await posts.room(webex, 'cancelled');
  await stack.fault('webex', { path: '/messages', match: '(2/3)', status: 429, retryAfter: 10, times: 1 });
  const { id, deliveries } = await stack.post({ text: threeParts, destinations: [room.id] });
  await eventually('the second is refused for now', async () => {
    const made = await posts.attempts(deliveries[0]?.id ?? '');
    return made.some(([part, outcome]) => part === 2 && outcome === 'transient');
  });
  await stack.must('POST', `/v1/messages/${id}/cancel`, {});
  expect(await posts.delivery(id)).toMatchObject({
    state: 'cancelled',
    parts: { total: 3, arrived: 1 },
    reason: { code: 'cancelled', message: 'Cancelled by request. 1 of 3 parts have arrived.' },
  });
  expect((await room.read()).map(numberOf)).toEqual(['1/3']);
  const deletion = await stack.must('DELETE', `/v1/messages/${id}`);
  const taken = await eventually(
    'it is taken back',
    async () => {
      const [delivery] = (await stack.message(deletion.id)).deliveries;
      return delivery?.state === 'delivered' && delivery;
    },
    90_000,
  );
  expect(taken).not.toHaveProperty('degraded');
  expect(await room.read()).toEqual([]);
}, 120_000);

describe('the delete of a text with a part in doubt', () => {
  it('a delete removes the known parts, and says that one may remain where no look-up is possible', async () => {
    const room = await posts.room(webex, 'doubt', { ambiguous: 'at-most-once' });
    await stack.fault('webex', { path: '/messages', ...lost });
    const { id } = await stack.post({ text: threeParts, destinations: [room.id] });
    expect(await posts.delivery(id)).toMatchObject({ state: 'uncertain', parts: { total: 3, arrived: 1 } });
    expect((await room.read()).map(numberOf)).toEqual(['1/3', '2/3']);
    const deletion = await stack.must('DELETE', `/v1/messages/${id}`);
    expect(await posts.delivery(deletion.id)).toMatchObject({
      state: 'delivered',
      degraded: [{ code: 'may_remain', message: expect.stringContaining('may remain') }],
    });
    expect((await room.read()).map(numberOf)).toEqual(['2/3']);
    expect(await posts.delivery(id)).toMatchObject({ state: 'uncertain' });
  }, 90_000);

  it('a delete finds the part in doubt where the platform shows its history, and removes all parts', async () => {
    const room = await posts.room(slack, 'doubt', { timeout: '2s' });
    await stack.fault('slack', [
      { path: 'chat.postMessage', ...lost },
      { path: 'conversations.history', status: 503, times: 2 },
    ]);
    const { id, deliveries } = await stack.post({ text: longText(90_000).text, destinations: [room.id] });
    await eventually('the second is in doubt', async () => {
      const made = await posts.attempts(deliveries[0]?.id ?? '');
      return made.some(([part, outcome]) => part === 2 && outcome === 'ambiguous');
    });
    const deletion = await stack.must('DELETE', `/v1/messages/${id}`);
    const delivery = await posts.delivery(deletion.id);
    expect(delivery).toMatchObject({ state: 'delivered' });
    expect(delivery).not.toHaveProperty('degraded');
    expect(await room.read()).toEqual([]);
  }, 90_000);
});

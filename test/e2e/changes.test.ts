import { conversationAt } from '../support/conversation.ts';
import { eventually } from '../support/eventually.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** Edits and deletes of messages in every state. The newest text must win, and nothing that was deleted may be sent. */
let stack: Stack;
let at: ReturnType<typeof conversationAt>;
beforeAll(async () => {
  stack = await startStack();
  at = conversationAt(stack);
}, 120_000);
afterAll(() => stack?.close());

const retry = { initialInterval: '200ms', multiplier: 1, maxInterval: '1s', maxAttempts: 6, deadline: '5m' };

describe('an edit', () => {
  it('an edit after the delivery shows the newest text at every destination', async () => {
    await stack.slack('edited', 'CEDITED');
    await stack.webhook('edited-hook');
    const { id } = await stack.post({ text: 'one', destinations: ['edited', 'edited-hook'] });
    await stack.rest(id);
    const change = await at.edit(id, 'two');
    expect(await stack.rest(change.id)).toMatchObject({ state: 'delivered' });
    expect(await at.texts('CEDITED')).toEqual(['two']);
    expect(await at.told('edited-hook')).toMatchObject([
      { id, type: 'message.created', text: 'one' },
      { id: change.id, type: 'message.edited', refersTo: id, text: 'two' },
    ]);
    expect(await at.shown(id)).toMatchObject({ version: 2, content: { text: 'two' }, state: 'delivered' });
    expect(await at.shown(change.id)).toMatchObject({
      version: 2,
      type: 'message.edited',
      refersTo: id,
      content: { text: 'two' },
      deliveries: [
        { action: 'edit', receipt: { version: 2 } },
        { action: 'edit', receipt: { version: 2 } },
      ],
    });
  });

  it('two edits at a slow destination end with the newest text, in order', async () => {
    await stack.slack('slow', 'CSLOW', { timeout: '5s' });
    await stack.webhook('slow-hook', { timeout: '5s' });
    const { id } = await stack.post({ text: 'one', destinations: ['slow', 'slow-hook'] });
    await stack.rest(id);
    await stack.fault('slack', { mode: 'delay', delayMs: 4_000, path: 'chat.update' });
    await stack.fault('webhook', { mode: 'delay', delayMs: 4_000, path: '/webhook/slow-hook' });
    const first = await at.edit(id, 'two');
    await eventually('both are being sent', async () =>
      (await stack.message(first.id)).deliveries.every(({ state }) => state === 'sending'),
    );
    const second = await at.edit(id, 'three');
    for (const sink of ['slack', 'webhook']) await stack.clearFaults(sink);
    await stack.rest(first.id);
    await stack.rest(second.id);
    expect(await at.texts('CSLOW')).toEqual(['three']);
    expect((await at.told('slow-hook')).map(({ text }) => text)).toEqual(['one', 'two', 'three']);
  });

  it('an edit of a message that is being sent follows the message', async () => {
    await stack.slack('flying', 'CFLYING', { timeout: '5s' });
    await stack.fault('slack', { mode: 'delay', delayMs: 4_000, path: 'chat.postMessage', match: 'CFLYING' });
    const { id } = await at.post('one', 'flying');
    await at.until(id, 'sending');
    const change = await at.edit(id, 'two');
    await stack.clearFaults('slack');
    expect(await at.rested(change.id)).toMatchObject({ state: 'delivered', receipt: { version: 2 } });
    expect((await at.shown(id)).deliveries[0].receipt.version).toBe(1);
    expect(await at.texts('CFLYING')).toEqual(['two']);
  });

  it('an edit of a message that waits is sent as part of the message, once', async () => {
    await stack.webhook('paused');
    await stack.must('POST', '/v1/destinations/paused/pause');
    const { id } = await at.post('one', 'paused');
    await at.until(id, 'waiting');
    const change = await at.edit(id, 'two');
    await stack.must('POST', '/v1/destinations/paused/resume');
    expect(await at.rested(id)).toMatchObject({ state: 'delivered', receipt: { version: 2 } });
    expect(await at.rested(change.id)).toMatchObject({ state: 'skipped', reason: { code: 'already_current' } });
    expect(await at.told('paused')).toMatchObject([{ id, type: 'message.created', text: 'two' }]);
  });

  it("an edit of a message that was refused is sent with the message's retry", async () => {
    await stack.webhook('failing', { retry: { ...retry, initialInterval: '2s', maxInterval: '2s' } });
    await stack.fault('webhook', { path: '/webhook/failing', status: 409 });
    const { id } = await at.post('one', 'failing');
    await at.until(id, 'retrying');
    const change = await at.edit(id, 'two');
    expect(await at.rested(id)).toMatchObject({ state: 'delivered', attempts: 2 });
    expect(await at.rested(change.id)).toMatchObject({ state: 'skipped', reason: { code: 'already_current' } });
    expect((await at.told('failing')).map(({ text }) => text)).toEqual(['two']);
  });

  it('an edit of a message that may have arrived follows it, because the message is sent again unchanged', async () => {
    await stack.webhook('repeated', { retry: { ...retry, initialInterval: '2s', maxInterval: '2s' } });
    await stack.fault('webhook', { path: '/webhook/repeated', mode: 'commit-then-status', status: 503 });
    const { id } = await at.post('one', 'repeated');
    await at.until(id, 'retrying');
    const change = await at.edit(id, 'two');
    expect(await at.rested(change.id)).toMatchObject({ state: 'delivered', receipt: { version: 2 } });
    expect((await at.told('repeated')).map(({ text }) => text)).toEqual(['one', 'two']);
    expect((await stack.webhookCounts()).get((await stack.message(id)).deliveries[0]?.id ?? '')).toBe(2);
  });

  it('an edit of a parked message is sent as part of the message when an operator retries it', async () => {
    await stack.webhook('parked');
    await stack.fault('webhook', { path: '/webhook/parked', status: 400 });
    const { id } = await at.post('one', 'parked');
    await at.until(id, 'parked');
    const change = await at.edit(id, 'two');
    expect(await at.rested(change.id)).toMatchObject({ state: 'skipped', reason: { code: 'carried_by_original' } });
    await stack.must('POST', `/v1/messages/${id}/retry`);
    expect(await at.rested(id)).toMatchObject({ state: 'delivered', receipt: { version: 2 } });
    expect((await at.told('parked')).map(({ text }) => text)).toEqual(['two']);
  });

  it('an edit of an uncertain message waits for the operator, and follows when the message is sent again', async () => {
    await stack.webhook('doubtful', { ambiguous: 'at-most-once', timeout: '500ms' });
    await stack.fault('webhook', { path: '/webhook/doubtful', mode: 'timeout' });
    const { id } = await at.post('one', 'doubtful');
    await at.until(id, 'uncertain');
    const change = await at.edit(id, 'two');
    await at.until(change.id, 'parked');
    expect((await stack.message(change.id)).deliveries[0]?.reason?.code).toBe('original_uncertain');
    await stack.must('POST', `/v1/messages/${id}/retry`);
    await at.until(change.id, 'delivered');
    expect((await at.told('doubtful')).map(({ text }) => text)).toEqual(['one', 'two']);
  });
});

describe('a delete', () => {
  it('a delete removes the message everywhere, counts once, and ends all other work on the message', async () => {
    await stack.slack('gone', 'CGONE');
    await stack.webhook('gone-hook');
    const { id } = await stack.post({ text: 'secret', destinations: ['gone', 'gone-hook'] });
    await stack.rest(id);
    const deletion = await at.remove(id);
    expect(await stack.rest(deletion.id)).toMatchObject({ state: 'delivered' });
    expect(await at.texts('CGONE')).toEqual([]);
    expect(await at.inSlack('CGONE')).toHaveLength(1);
    expect(await at.told('gone-hook')).toMatchObject([
      { type: 'message.created' },
      { id: deletion.id, type: 'message.deleted', refersTo: id, text: '' },
    ]);
    expect(await at.remove(id)).toMatchObject({ id: deletion.id, duplicate: true });
    expect(await at.shown(id)).toMatchObject({ version: 1, deletedAt: expect.stringMatching(/Z$/) });
    expect(await at.shown(deletion.id)).toMatchObject({ refersTo: id, content: null });
    const late = await stack.call('PATCH', `/v1/messages/${id}`, { text: 'again' });
    expect(late).toMatchObject({ status: 409, body: { code: 'deleted' } });
  });

  it('a delete of a message that waits means that neither the message nor its edits are sent', async () => {
    await stack.webhook('never');
    await stack.must('POST', '/v1/destinations/never/pause');
    const { id } = await at.post('one', 'never', { conversation: 'never' });
    const next = await at.post('next', 'never', { conversation: 'never' });
    await at.until(id, 'waiting');
    const change = await at.edit(id, 'two');
    await at.remove(id);
    expect(await at.shown(id)).toMatchObject({ state: 'cancelled', deliveries: [{ reason: { code: 'deleted' } }] });
    await at.until(change.id, 'cancelled');
    await stack.must('POST', '/v1/destinations/never/resume');
    await at.until(next.id, 'delivered');
    expect((await at.told('never')).map(({ text }) => text)).toEqual(['next']);
    expect((await stack.call('POST', `/v1/messages/${id}/retry`)).status).toBe(409);
  });

  it('a delete of a message that is being sent follows it and removes it', async () => {
    await stack.slack('caught', 'CCAUGHT', { timeout: '5s' });
    await stack.fault('slack', { mode: 'delay', delayMs: 4_000, path: 'chat.postMessage', match: 'CCAUGHT' });
    const { id } = await at.post('oops', 'caught');
    await at.until(id, 'sending');
    const deletion = await at.remove(id);
    await stack.clearFaults('slack');
    expect(await at.rested(deletion.id)).toMatchObject({ state: 'delivered' });
    expect(await at.stateOf(id)).toBe('delivered');
    expect(await at.inSlack('CCAUGHT')).toMatchObject([{ deleted: true }]);
  });

  it('a delete of a parked message cancels the message', async () => {
    await stack.webhook('given-up');
    await stack.fault('webhook', { path: '/webhook/given-up', status: 400 });
    const { id } = await at.post('one', 'given-up');
    await at.until(id, 'parked');
    expect(await at.remove(id)).toMatchObject({ state: 'delivered', deliveries: [] });
    expect(await at.stateOf(id)).toBe('cancelled');
    expect((await stack.call('POST', `/v1/messages/${id}/retry`)).status).toBe(409);
  });

  it('a delete of a message whose answer was lost finds it in Slack and removes it', async () => {
    await stack.slack('lost', 'CLOST', { retry, timeout: '1s' });
    await stack.fault('slack', { path: 'chat.postMessage', match: 'CLOST', mode: 'commit-then-timeout' });
    const { id } = await at.post('one', 'lost');
    await at.until(id, 'sending');
    const deletion = await at.remove(id);
    expect(await at.rested(deletion.id)).toMatchObject({ state: 'delivered' });
    expect(await at.stateOf(id)).toBe('delivered');
    expect(await at.inSlack('CLOST')).toMatchObject([{ deleted: true }]);
  });

  it('a delete of a message whose answer was lost sends nothing if the message is not in Slack', async () => {
    await stack.slack('absent', 'CABSENT', { retry, timeout: '1s' });
    await stack.fault('slack', { path: 'chat.postMessage', match: 'CABSENT', mode: 'timeout' });
    const { id } = await at.post('one', 'absent');
    await at.until(id, 'sending');
    const deletion = await at.remove(id);
    expect(await at.rested(deletion.id)).toMatchObject({
      state: 'skipped',
      reason: { code: 'original_not_delivered' },
    });
    expect(await at.stateOf(id)).toBe('cancelled');
    expect(await at.inSlack('CABSENT')).toEqual([]);
  });

  it('a delete of an uncertain message is sent with our ids, and the message stays uncertain', async () => {
    await stack.webhook('unsure', { ambiguous: 'at-most-once', timeout: '500ms' });
    await stack.fault('webhook', { path: '/webhook/unsure', mode: 'commit-then-timeout' });
    const { id } = await at.post('one', 'unsure');
    await at.until(id, 'uncertain');
    const deletion = await at.remove(id);
    expect(await at.rested(deletion.id)).toMatchObject({ state: 'delivered' });
    expect(await at.told('unsure')).toMatchObject([{ id }, { type: 'message.deleted', refersTo: id }]);
    await at.until(id, 'uncertain');
    expect((await stack.call('POST', `/v1/messages/${id}/retry`)).status).toBe(409);
    await stack.must('POST', `/v1/messages/${id}/cancel`);
    expect(await at.stateOf(id)).toBe('cancelled');
  });
});

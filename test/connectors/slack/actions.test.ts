import { slack } from '../../../src/connectors/slack/index.ts';
import type { Outgoing } from '../../../src/connectors/contract/connector.ts';
import {
  attempt,
  deletionOf,
  editOf,
  failureOf,
  freshMessageId,
  replyTo,
  sampleOutgoing,
  sendContext,
  type Created,
} from '../../support/outgoing.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { held, refusal, shown, target } from '../../support/slack.ts';

let bench: SimulatorBench;
beforeAll(async () => {
  bench = await startSimulatorBench(['slack']);
});
afterEach(() => bench.clearFaults('slack'));
afterAll(() => bench.stop());

const post = async (out: Outgoing): Promise<Created> => ({
  out,
  receipt: await attempt(slack, out, sendContext(bench.http)),
});
const create = (channel: string, text = 'first') =>
  post(sampleOutgoing(target(bench.url, channel), { id: freshMessageId(), content: { text } }));
const lookUp = async (out: Outgoing) => slack.reconcile?.(out, new Date(Date.now() - 60_000), sendContext(bench.http));
const tsOf = ({ receipt }: Created): string => receipt?.nativeId.split(':')[1] ?? '';

describe('a reply in Slack', () => {
  it('a reply to a reply goes into the same thread, which its receipt names', async () => {
    const root = await create('C01');
    const reply = await post(replyTo(root));
    const second = await post(replyTo(reply));
    expect(root.receipt?.nativeId).toMatch(/^C01:\d+\.\d{6}$/);
    for (const one of [reply, second]) {
      expect(one.receipt?.degraded).toBeUndefined();
      expect(one.receipt?.nativeId).toMatch(/^C01:\d+\.\d{6}:\d+\.\d{6}$/);
      expect(await shown(bench, one.out)).toMatchObject({ replyTo: root.out.delivery });
    }
  });

  it('the receipt of a reply says that Slack posted it outside of a thread whose root was deleted', async () => {
    const root = await create('C02');
    await post(deletionOf(root));
    const reply = await post(replyTo(root));
    expect(reply.receipt).toMatchObject({ nativeId: `C02:${tsOf(reply)}`, degraded: { code: 'thread_missing' } });
    expect(await shown(bench, reply.out)).toEqual({ text: 'a reply' });
  });

  it('the look-up finds a reply that Slack posted into the channel because its root was deleted', async () => {
    const root = await create('C03');
    await post(deletionOf(root));
    const out = replyTo(root);
    await bench.fault('slack', { path: 'chat.postMessage', mode: 'reset-after' });
    await failureOf(post(out));
    expect(await lookUp(out)).toMatchObject({
      nativeId: `C03:${(await held(bench, 'C03')).at(-1)?.ts}`,
      degraded: { code: 'thread_missing' },
    });
  });

  it('the look-up of a reply does not report "absent" if its thread is gone', async () => {
    const root = await create('C04');
    await post(deletionOf(root));
    expect(await failureOf(lookUp(replyTo(root)))).toMatchObject({
      kind: 'permanent',
      code: 'thread_not_found',
      affects: 'message',
    });
  });

  it('the look-up finds a reply on a later page of a long thread', async () => {
    const root = await create('C05');
    for (let count = 0; count < 210; count += 1) await post(replyTo(root));
    const last = await post(replyTo(root));
    expect(await lookUp(last.out)).toEqual({ nativeId: last.receipt?.nativeId });
    const pages = (await bench.requests('slack')).filter(({ path }) => path.endsWith('conversations.replies'));
    expect(pages.filter(({ body }) => body.includes('channel=C05'))).toHaveLength(2);
  });

  it('a reply to a message in a channel that the destination has left starts no thread in the new one', async () => {
    // A first message, so that the ts of the root differs from that of the first message in the new channel.
    await create('C06');
    const root = await create('C06');
    const out = { ...replyTo(root), destination: target(bench.url, 'C07').destination };
    const moved = await post(out);
    expect(moved.receipt?.nativeId).toBe(`C07:${tsOf(moved)}`);
    expect(moved.receipt?.degraded).toMatchObject({ code: 'thread_missing' });
    expect(await lookUp(out)).toMatchObject({ nativeId: moved.receipt?.nativeId, degraded: moved.receipt?.degraded });
    // The new channel has no such thread, so no request for its replies is needed.
    expect(await lookUp({ ...out, key: 'dlv_absent' })).toBeUndefined();
  });
});

describe('edits and deletes in Slack', () => {
  it('an edit is cut at 4 000 characters, although a post of that length is not', async () => {
    const created = await create('C10', 'word '.repeat(2_000).trim());
    expect((await shown(bench, created.out))?.text).toHaveLength(9_999);
    await post(editOf(created, 'other '.repeat(2_000)));
    const text = (await shown(bench, created.out))?.text ?? '';
    expect(text.endsWith('…')).toBe(true);
    expect(text.length).toBeGreaterThan(3_900);
    expect(text.length).toBeLessThanOrEqual(4_000);
  });

  it('an edited post can still be found as the delivery that created it', async () => {
    const created = await create('C11');
    await post(editOf(created, 'second'));
    expect(await lookUp(created.out)).toEqual({ nativeId: created.receipt?.nativeId });
  });

  it('an empty edit is refused before any request is made', async () => {
    const created = await create('C12');
    expect(await failureOf(post(editOf(created, ' \n')))).toMatchObject({ kind: 'permanent', code: 'no_text' });
  });

  it.each(['edit', 'delete'])(
    'a change reaches a post in a channel that the destination has left: %s',
    async (kind) => {
      const created = await create('C13');
      const away = { ...created, out: { ...created.out, destination: target(bench.url, 'C14').destination } };
      await post(kind === 'edit' ? editOf(away, 'second') : deletionOf(away));
      expect(await shown(bench, created.out)).toEqual(kind === 'edit' ? { text: 'second' } : undefined);
      await bench.fault('slack', { path: 'chat.', ...refusal('is_archived') });
      // A failure in the old channel does not affect the destination's present one.
      expect(await failureOf(post(editOf(away, 'third')))).toMatchObject({ code: 'is_archived', affects: 'message' });
    },
  );

  it.each(['edit', 'delete'])("a change of another bot's post is refused: %s", async (kind) => {
    const created = await create('C15');
    const { connection } = target(bench.url, 'C15', { botToken: 'xoxb-1234-9999-other' });
    const out = { ...(kind === 'edit' ? editOf(created, 'second') : deletionOf(created)), connection };
    const code = kind === 'edit' ? 'cant_update_message' : 'cant_delete_message';
    expect(await failureOf(post(out))).toMatchObject({ kind: 'permanent', affects: 'message', code });
    expect(await shown(bench, created.out)).toEqual({ text: 'first' });
  });
});

describe('the recovery class of Slack', () => {
  it('a post to Slack is of recovery class B, and a change of it is of class A without limit', () => {
    expect(slack.recoveryClass(target(''), 'create')).toEqual({ kind: 'B' });
    for (const action of ['edit', 'delete'] as const)
      expect(slack.recoveryClass(target(''), action)).toEqual({ kind: 'A', memoryMs: Number.POSITIVE_INFINITY });
  });
});

describe('a refused look-up in Slack', () => {
  it.each([
    ['missing_scope', 'permanent', 'message'],
    ['not_in_channel', 'permanent', 'message'],
    ['ratelimited', 'transient', 'message', 'throttled'],
    ['internal_error', 'transient', 'message', 'slack_internal_error'],
    ['token_revoked', 'permanent', 'connection'],
    ['service_unavailable', 'transient', 'connection'],
  ])(
    'a look-up that is refused with %s is a failure of the right kind and affects no more than it must',
    async (word, kind, affects, code = word) => {
      const { out } = await create('C20');
      await bench.fault('slack', { path: 'conversations.history', ...refusal(word) });
      expect(await failureOf(lookUp(out))).toMatchObject({ code, kind, affects });
    },
  );
});

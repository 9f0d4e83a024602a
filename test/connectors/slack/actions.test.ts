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

describe('a reply in slack', () => {
  it('says in its id which thread it is in, so that replies to it go there too', async () => {
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

  it('stands in the channel where Slack put it because its root was deleted, and its receipt says so', async () => {
    const root = await create('C02');
    await post(deletionOf(root));
    const reply = await post(replyTo(root));
    expect(reply.receipt).toMatchObject({ nativeId: `C02:${tsOf(reply)}`, degraded: { code: 'thread_missing' } });
    expect(await shown(bench, reply.out)).toEqual({ text: 'a reply' });
  });

  it('is found in the channel where Slack put it because its root was deleted', async () => {
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

  it('is not taken for absent when its thread is gone', async () => {
    const root = await create('C04');
    await post(deletionOf(root));
    expect(await failureOf(lookUp(replyTo(root)))).toMatchObject({
      kind: 'permanent',
      code: 'thread_not_found',
      affects: 'message',
    });
  });

  it('is found on a later page of a long thread', async () => {
    const root = await create('C05');
    for (let count = 0; count < 210; count += 1) await post(replyTo(root));
    const last = await post(replyTo(root));
    expect(await lookUp(last.out)).toEqual({ nativeId: last.receipt?.nativeId });
    const pages = (await bench.requests('slack')).filter(({ path }) => path.endsWith('conversations.replies'));
    expect(pages.filter(({ body }) => body.includes('channel=C05'))).toHaveLength(2);
  });

  it('to something in a channel that the destination has left starts anew in its channel', async () => {
    // The second of its channel, so that its ts differs from the first one's there.
    await create('C06');
    const root = await create('C06');
    const out = { ...replyTo(root), destination: target(bench.url, 'C07').destination };
    const moved = await post(out);
    expect(moved.receipt?.nativeId).toBe(`C07:${tsOf(moved)}`);
    expect(moved.receipt?.degraded).toMatchObject({ code: 'thread_missing' });
    expect(await lookUp(out)).toMatchObject({ nativeId: moved.receipt?.nativeId, degraded: moved.receipt?.degraded });
    // There is no such thread here, which is known without asking.
    expect(await lookUp({ ...out, key: 'dlv_absent' })).toBeUndefined();
  });
});

describe('an edit in slack', () => {
  it('is cut at 4 000 characters, where a post is not', async () => {
    const created = await create('C10', 'word '.repeat(2_000).trim());
    expect((await shown(bench, created.out))?.text).toHaveLength(9_999);
    await post(editOf(created, 'other '.repeat(2_000)));
    const text = (await shown(bench, created.out))?.text ?? '';
    expect(text.endsWith('…')).toBe(true);
    expect(text.length).toBeGreaterThan(3_900);
    expect(text.length).toBeLessThanOrEqual(4_000);
  });

  it('leaves the post known as the delivery that created it', async () => {
    const created = await create('C11');
    await post(editOf(created, 'second'));
    expect(await lookUp(created.out)).toEqual({ nativeId: created.receipt?.nativeId });
  });

  it('of nothing is refused before it is sent', async () => {
    const created = await create('C12');
    expect(await failureOf(post(editOf(created, ' \n')))).toMatchObject({ kind: 'permanent', code: 'no_text' });
  });

  it.each(['edit', 'delete'])('and a delete reach the post where it is: %s', async (kind) => {
    const created = await create('C13');
    const away = { ...created, out: { ...created.out, destination: target(bench.url, 'C14').destination } };
    await post(kind === 'edit' ? editOf(away, 'second') : deletionOf(away));
    expect(await shown(bench, created.out)).toEqual(kind === 'edit' ? { text: 'second' } : undefined);
    await bench.fault('slack', { path: 'chat.', ...refusal('is_archived') });
    // The destination's own channel is not the one that is archived.
    expect(await failureOf(post(editOf(away, 'third')))).toMatchObject({ code: 'is_archived', affects: 'message' });
  });

  it.each(['edit', 'delete'])("of another bot's post is refused: %s", async (kind) => {
    const created = await create('C15');
    const { connection } = target(bench.url, 'C15', { botToken: 'xoxb-1234-9999-other' });
    const out = { ...(kind === 'edit' ? editOf(created, 'second') : deletionOf(created)), connection };
    const code = kind === 'edit' ? 'cant_update_message' : 'cant_delete_message';
    expect(await failureOf(post(out))).toMatchObject({ kind: 'permanent', affects: 'message', code });
    expect(await shown(bench, created.out)).toEqual({ text: 'first' });
  });
});

describe('slack classes', () => {
  it('are B for posts, and A without end for what may be repeated', () => {
    expect(slack.recoveryClass(target(''), 'create')).toEqual({ kind: 'B' });
    for (const action of ['edit', 'delete'] as const)
      expect(slack.recoveryClass(target(''), action)).toEqual({ kind: 'A', memoryMs: Number.POSITIVE_INFINITY });
  });
});

describe('a refused look-up in slack', () => {
  it.each([
    ['missing_scope', 'permanent', 'message'],
    ['not_in_channel', 'permanent', 'message'],
    ['ratelimited', 'transient', 'message', 'throttled'],
    ['internal_error', 'transient', 'message', 'slack_internal_error'],
    ['token_revoked', 'permanent', 'connection'],
    ['service_unavailable', 'transient', 'connection'],
  ])('for %s says nothing of posting, but of the token and the workspace', async (word, kind, affects, code = word) => {
    const { out } = await create('C20');
    await bench.fault('slack', { path: 'conversations.history', ...refusal(word) });
    expect(await failureOf(lookUp(out))).toMatchObject({ code, kind, affects });
  });
});

import type { Author, Outgoing } from '../../../src/connectors/contract/connector.ts';
import { matrix } from '../../../src/connectors/matrix/index.ts';
import { held, names, shown, target } from '../../support/matrix.ts';
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

let bench: SimulatorBench;
beforeAll(async () => {
  bench = await startSimulatorBench(['matrix']);
});
afterEach(() => bench.clearFaults('matrix'));
afterAll(() => bench.stop());

const ann: Author = { name: 'Ann', source: 'Slack' };
const native = { connection: 'acme-slack', connector: 'slack', id: 'U0ANN' };
const bridged = (id: string, text = 'first', more: Partial<Outgoing> = {}): Outgoing => ({
  ...sampleOutgoing(target(bench.url, id), {
    id: freshMessageId(),
    content: { text },
    sender: { name: 'Ann', native },
  }),
  author: ann,
  ...more,
});
/** All attempts share one token cache, as in one process. */
const shared = () => sendContext(bench.http);
const post = async (out: Outgoing, context = shared()): Promise<Created> => ({
  out,
  receipt: await attempt(matrix, out, context),
});
const calls = async (part: string) => (await bench.requests('matrix')).filter(({ path }) => path.includes(part));

describe('the author of a bridged message in Matrix', () => {
  it("a ghost with the author's name and platform posts, and is created and joined only once", async () => {
    const id = '!ghosts1:sim.example';
    const context = shared();
    const before = (await calls('/join/')).length;
    const { receipt } = await post(bridged(id), context);
    await post(bridged(id, 'second'), context);
    const [one, two] = await held(bench, id);
    expect(one?.sender).toMatch(/^@carillon_slack_[0-9a-f]{20}:sim\.example$/);
    expect(two?.sender).toBe(one?.sender);
    expect((await names(bench))[one?.sender ?? '']).toBe('Ann (Slack)');
    expect(one?.content).toMatchObject({ body: 'first' });
    expect(receipt).toEqual({ nativeId: `${id} ${one?.event_id} ${one?.sender}`, status: 200 });
    // The bot and the ghost each joined once, and neither did again for the second message.
    expect((await calls('/join/')).length - before).toBe(2);
  });

  it('the ghost that posted a message also edits and deletes it', async () => {
    const id = '!ghosts2:sim.example';
    const created = await post(bridged(id));
    await post({ ...editOf(created, 'second'), author: ann });
    expect(await shown(bench, created.out)).toEqual({ text: 'second' });
    await post(deletionOf(created));
    expect(await shown(bench, created.out)).toBeUndefined();
    const events = await held(bench, id);
    expect(events.map(({ type }) => type)).toEqual(['m.room.message', 'm.room.message', 'm.room.redaction']);
    expect(new Set(events.map(({ sender }) => sender)).size).toBe(1);
  });

  it('a ghost joins an invite-only room after the bot has invited it', async () => {
    const id = '!inviting:sim.example';
    await bench.control('matrix', 'rooms', { room: id, joinRule: 'invite' });
    expect((await post(bridged(id))).receipt?.degraded).toBeUndefined();
    expect((await held(bench, id))[0]?.sender).toContain('carillon_slack_');
  });

  it("the bot posts with the author's name in the text if the room refuses ghosts, also in an edit", async () => {
    const id = '!closed:sim.example';
    await bench.control('matrix', 'rooms', { room: id, joinRule: 'closed' });
    const created = await post(bridged(id));
    expect(created.receipt?.degraded).toMatchObject({ code: 'author_in_text' });
    expect(await shown(bench, created.out)).toEqual({ text: 'Ann (Slack): first' });
    expect((await held(bench, id))[0]?.sender).toBe('@carillon:sim.example');
    await post({ ...editOf(created, 'second'), author: ann });
    expect(await shown(bench, created.out)).toEqual({ text: 'Ann (Slack): second' });
  });

  it("the bot posts with the author's name in the text if the settings say so", async () => {
    const id = '!prefixed:sim.example';
    const out = { ...bridged(id), connection: target(bench.url, id, { authors: 'prefix' }).connection };
    const { receipt } = await post(out);
    expect(receipt?.degraded).toBeUndefined();
    expect(await shown(bench, out)).toEqual({ text: 'Ann (Slack): first' });
  });

  it('a ghost that was removed from a room joins again at the next attempt', async () => {
    const id = '!kicked:sim.example';
    const context = shared();
    await post(bridged(id), context);
    const sender = (await held(bench, id))[0]?.sender;
    await bench.control('matrix', 'kick', { room: id, user: sender });
    const again = bridged(id, 'again');
    expect(await failureOf(post(again, context))).toMatchObject({ kind: 'transient', code: 'matrix_forbidden' });
    await post(again, { ...context, attempt: 2 });
    expect(await shown(bench, again)).toEqual({ text: 'again' });
  });

  it('all attempts of a message use one transaction id, which the homeserver folds until it restarts', async () => {
    const id = '!folded:sim.example';
    const out = bridged(id);
    const [one, two] = [await post(out), await post(out)];
    expect(two.receipt).toEqual(one.receipt);
    expect(await held(bench, id)).toHaveLength(1);
    await bench.control('matrix', 'restart', {});
    await post(out);
    expect(await held(bench, id)).toHaveLength(2);
  });
});

describe('a reply in Matrix', () => {
  it('a reply to a reply goes into the thread of the root, with a fallback for clients without threads', async () => {
    const id = '!threads:sim.example';
    const root = await post(bridged(id));
    const reply = await post(replyTo(root));
    const second = await post(replyTo(reply, 'another'));
    const [first, ...replies] = await held(bench, id);
    for (const { content } of replies)
      expect(content['m.relates_to']).toEqual({
        rel_type: 'm.thread',
        event_id: first?.event_id,
        is_falling_back: true,
        'm.in_reply_to': { event_id: first?.event_id },
      });
    expect(second.receipt?.nativeId.split(' ')[3]).toBe(first?.event_id);
  });

  it('a reply to a message in a room that the destination has left starts no thread in the new room', async () => {
    const root = await post(bridged('!left:sim.example'));
    const out = { ...replyTo(root), destination: target(bench.url, '!moved:sim.example').destination };
    expect((await post(out)).receipt?.degraded).toMatchObject({ code: 'thread_missing' });
    expect((await held(bench, '!moved:sim.example'))[0]?.content['m.relates_to']).toBeUndefined();
  });
});

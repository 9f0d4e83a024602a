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
/** One token cache, as in one process. */
const shared = () => sendContext(bench.http);
const post = async (out: Outgoing, context = shared()): Promise<Created> => ({
  out,
  receipt: await attempt(matrix, out, context),
});
const calls = async (part: string) => (await bench.requests('matrix')).filter(({ path }) => path.includes(part));

describe('a bridged message in matrix', () => {
  it('is said by a ghost with the name and the source of its author, once made and joined', async () => {
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
    // The bot and the ghost, and not again for the second message.
    expect((await calls('/join/')).length - before).toBe(2);
  });

  it('is edited and deleted by the same ghost', async () => {
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

  it('brings its ghost in by an invitation where the room asks for one', async () => {
    const id = '!inviting:sim.example';
    await bench.control('matrix', 'rooms', { room: id, joinRule: 'invite' });
    expect((await post(bridged(id))).receipt?.degraded).toBeUndefined();
    expect((await held(bench, id))[0]?.sender).toContain('carillon_slack_');
  });

  it('is said by the bot, with its author in front, where the room takes no ghost, also when it is edited', async () => {
    const id = '!closed:sim.example';
    await bench.control('matrix', 'rooms', { room: id, joinRule: 'closed' });
    const created = await post(bridged(id));
    expect(created.receipt?.degraded).toMatchObject({ code: 'author_in_text' });
    expect(await shown(bench, created.out)).toEqual({ text: 'Ann (Slack): first' });
    expect((await held(bench, id))[0]?.sender).toBe('@carillon:sim.example');
    await post({ ...editOf(created, 'second'), author: ann });
    expect(await shown(bench, created.out)).toEqual({ text: 'Ann (Slack): second' });
  });

  it('is said by the bot where the settings say so', async () => {
    const id = '!prefixed:sim.example';
    const out = { ...bridged(id), connection: target(bench.url, id, { authors: 'prefix' }).connection };
    const { receipt } = await post(out);
    expect(receipt?.degraded).toBeUndefined();
    expect(await shown(bench, out)).toEqual({ text: 'Ann (Slack): first' });
  });

  it('brings its ghost back in after it was put out', async () => {
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

  it('has one transaction for all attempts, which the homeserver folds until it restarts', async () => {
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

describe('a reply in matrix', () => {
  it('goes to the root of the thread, with a fallback for clients without threads', async () => {
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

  it('to something in a room that the destination has left starts anew', async () => {
    const root = await post(bridged('!left:sim.example'));
    const out = { ...replyTo(root), destination: target(bench.url, '!moved:sim.example').destination };
    expect((await post(out)).receipt?.degraded).toMatchObject({ code: 'thread_missing' });
    expect((await held(bench, '!moved:sim.example'))[0]?.content['m.relates_to']).toBeUndefined();
  });
});

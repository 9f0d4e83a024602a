import type { Outgoing } from '../../../src/connectors/contract/connector.ts';
import { zoom } from '../../../src/connectors/zoom/index.ts';
import {
  attempt,
  deletionOf,
  failureOf,
  freshMessageId,
  sampleOutgoing,
  sendContext,
  type Created,
} from '../../support/outgoing.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { channelOf, target } from '../../support/zoom.ts';

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

describe('the look-up of a post in Zoom', () => {
  it('the look-up reads further pages until it finds the post', async () => {
    const first = await create('n');
    for (let count = 0; count < 60; count += 1) await create('n');
    expect(await lookUp(first.out)).toEqual({ nativeId: first.receipt?.nativeId });
    expect(await lookUp({ ...first.out, key: 'dlv_absent' })).toBeUndefined();
  });

  it('the look-up fails if its time is over before the end of the history', async () => {
    const first = await create('n');
    await bench.fault('zoom', { path: '/messages?', mode: 'delay', delayMs: 400, times: 0 });
    const call = zoom.reconcile?.(
      { ...first.out, key: 'dlv_absent' },
      new Date(Date.now() - 60_000),
      sendContext(bench.http, { timeoutMs: 500 }),
    );
    expect(await failureOf(Promise.resolve(call))).toMatchObject({ kind: 'transient' });
  });

  it('the look-up distinguishes two deliveries with the same text', async () => {
    const [one, two] = [await create('o', 'same'), await create('o', 'same')];
    expect(await lookUp(one.out)).toEqual({ nativeId: one.receipt?.nativeId });
    expect(await lookUp(two.out)).toEqual({ nativeId: two.receipt?.nativeId });
    expect(await lookUp({ ...two.out, key: 'dlv_third' })).toBeUndefined();
  });

  it('the look-up finds a post that was deleted since', async () => {
    const created = await create('p');
    await post(deletionOf(created));
    expect(await lookUp(created.out)).toEqual({ nativeId: created.receipt?.nativeId });
  });

  describe('the look-up without marks', () => {
    const since = new Date('2026-03-01T12:00:00Z');
    const out = () => sampleOutgoing(target(bench.url, channelOf('q')), { content: { text: 'the same **words**' } });
    const message = (more: object = {}) => ({
      id: 'M1',
      message: 'the same words',
      sender: 'Carillon@example.com',
      timestamp: since.getTime() + 5_000,
      ...more,
    });
    const answered = async (...messages: object[]) => {
      await bench.fault('zoom', { path: '/messages?', status: 200, body: { messages, next_page_token: '' } });
      return lookUp(out(), since);
    };

    it('a post without its mark is recognized by sender, text and thread', async () => {
      expect(await answered(message())).toEqual({ nativeId: `${channelOf('q')}:M1` });
      expect(await answered(message({ sender: 'ann@example.com' }))).toBeUndefined();
      expect(await answered(message({ message: 'other words' }))).toBeUndefined();
      expect(await answered(message({ reply_main_message_id: 'M0' }))).toBeUndefined();
    });

    it.each([
      ['two are alike', [message(), message({ id: 'M2' })]],
      ['it may be of an earlier delivery', [message({ timestamp: since.getTime() - 1 })]],
      ['it has no time', [message({ timestamp: undefined })]],
    ])('the look-up fails, and does not report "absent", where a post has no mark and %s', async (_, messages) => {
      expect(await failureOf(answered(...messages))).toMatchObject({ kind: 'transient', code: 'look_up_unreadable' });
    });
  });
});

import { matrix } from '../../../src/connectors/matrix/index.ts';
import type { InboundEvent } from '../../../src/domain/inbound.ts';
import { room, target } from '../../support/matrix.ts';
import { failureOf, sendContext } from '../../support/outgoing.ts';
import { roomsAt } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';

describe('an edit that came in from Matrix', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['matrix']);
  });
  afterEach(() => bench.clearFaults('matrix'));
  afterAll(() => bench.stop());

  const edited = (id: string, user: string): InboundEvent => ({
    key: 'edited:$e',
    kind: 'edited',
    room,
    nativeId: `${room} ${id} @${user}:sim.example`,
    at: '2026-03-01T12:00:00.000Z',
    sender: { id: `@${user}:sim.example` },
    text: 'new',
    isIncomplete: true,
  });
  const check = (event: InboundEvent) =>
    matrix.inbound?.fetch?.(event, target(bench.url).connection, sendContext(bench.http));
  const say = async (more: object = {}) => (await roomsAt(bench.url).act('matrix', { room, text: 'old', ...more })).id;
  const enter = () =>
    bench.http.request({
      method: 'POST',
      url: `${bench.url}/matrix/_matrix/client/v3/join/${encodeURIComponent(room)}`,
      headers: { authorization: 'Bearer as_carillon_x' },
      timeoutMs: 5_000,
      signal: new AbortController().signal,
    });

  it('an edit by the sender of the original is accepted and gets the thread of the original', async () => {
    await enter();
    const id = await say();
    expect(await check(edited(id, 'ann'))).toMatchObject({ text: 'new', nativeId: `${room} ${id} @ann:sim.example` });
    const reply = await say({ thread: id });
    const found = await check(edited(reply, 'ann'));
    expect(found).toMatchObject({ nativeId: `${room} ${reply} @ann:sim.example ${id}` });
    expect(found).not.toHaveProperty('isIncomplete');
  });

  it('an edit is checked even in a room that the bot has never joined', async () => {
    const elsewhere = '!never-been:sim.example';
    const { id } = await roomsAt(bench.url).act('matrix', { room: elsewhere, text: 'old' });
    const event = { ...edited(id, 'ann'), room: elsewhere, nativeId: `${elsewhere} ${id} @ann:sim.example` };
    expect(await check(event)).toMatchObject({ text: 'new' });
  });

  it('an edit is dropped if it is by another user, or if its original is redacted or unknown', async () => {
    await enter();
    const id = await say();
    expect(await check(edited(id, 'ben'))).toBe('gone');
    expect(await check(edited('$nothing', 'ann'))).toBe('gone');
    await roomsAt(bench.url).act('matrix', { do: 'delete', room, id });
    expect(await check(edited(id, 'ann'))).toBe('gone');
  });

  it('an edit is checked again later if the homeserver does not answer', async () => {
    await bench.fault('matrix', { path: '/event/', status: 503 });
    expect(await failureOf(Promise.resolve(check(edited('$x', 'ann'))))).toMatchObject({ kind: 'transient' });
  });
});

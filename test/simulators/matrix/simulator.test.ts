import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { roomsAt } from '../../support/rooms.ts';

let bench: SimulatorBench;
beforeEach(async () => {
  bench = await startSimulatorBench(['matrix']);
});
afterEach(() => bench.stop());

const room = '!ops:sim.example';
const ghost = '@carillon_x:sim.example';
async function call(
  method: string,
  path: string,
  body?: object,
  { as, token = 'as_carillon_x' }: { as?: string; token?: string } = {},
) {
  const query = as === undefined ? '' : `?user_id=${encodeURIComponent(as)}`;
  const response = await fetch(`${bench.url}/matrix/_matrix/client/v3${path}${query}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const join = (id = room, as?: string) =>
  call('POST', `/join/${encodeURIComponent(id)}`, {}, as === undefined ? {} : { as });
const send = (txn: string, content: object, as?: string, type = 'm.room.message') =>
  call('PUT', `/rooms/${encodeURIComponent(room)}/send/${type}/${txn}`, content, as === undefined ? {} : { as });
const text = { msgtype: 'm.text', body: 'x' };
const register = (username: string) => call('POST', '/register', { type: 'm.login.application_service', username });

describe('the Matrix simulator', () => {
  it('the Matrix simulator refuses unknown tokens, and a service that acts as another user than its own', async () => {
    expect(await call('GET', '/account/whoami', undefined, { token: 'syt_x' })).toMatchObject({
      status: 401,
      body: { errcode: 'M_UNKNOWN_TOKEN' },
    });
    for (const as of ['@ann:sim.example', '@carillon_x:other.example', ghost])
      expect(await call('GET', '/account/whoami', undefined, { as })).toMatchObject({
        status: 403,
        body: { errcode: 'M_FORBIDDEN' },
      });
    expect(await call('GET', '/account/whoami')).toMatchObject({ body: { user_id: '@carillon:sim.example' } });
  });

  it('the Matrix simulator registers each ghost once, and only in the namespace of the service', async () => {
    expect(await register('carillon_x')).toMatchObject({ status: 200, body: { user_id: ghost } });
    expect(await register('carillon_x')).toMatchObject({ status: 400, body: { errcode: 'M_USER_IN_USE' } });
    expect(await register('ann')).toMatchObject({ status: 400, body: { errcode: 'M_EXCLUSIVE' } });
  });

  it('the Matrix simulator takes events from members only, and sends a repeated transaction once', async () => {
    expect(await send('t1', text)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
    await register('carillon_x');
    await join();
    await join(room, ghost);
    const first = await send('t1', text);
    expect(await send('t1', { ...text, body: 'another' }, ghost)).toEqual(first);
    expect((await send('t2', text)).body['event_id']).not.toBe(first.body['event_id']);
    await bench.control('matrix', 'restart', {});
    expect((await send('t1', text)).body['event_id']).not.toBe(first.body['event_id']);
  });

  it('the Matrix simulator lets no uninvited ghost into a room that asks for invitations', async () => {
    await register('carillon_x');
    await bench.control('matrix', 'rooms', { room, joinRule: 'invite' });
    await join();
    expect(await join(room, ghost)).toMatchObject({ status: 403 });
    await call('POST', `/rooms/${encodeURIComponent(room)}/invite`, { user_id: ghost });
    expect(await join(room, ghost)).toMatchObject({ status: 200 });
  });

  it('the Matrix simulator refuses large events, repeated reactions, and threads inside threads', async () => {
    await join();
    expect(await send('t1', { ...text, body: 'x'.repeat(65_500) })).toMatchObject({
      status: 413,
      body: { errcode: 'M_TOO_LARGE' },
    });
    const { event_id: id } = (await send('t2', text)).body;
    const reaction = { 'm.relates_to': { rel_type: 'm.annotation', event_id: id, key: '👍' } };
    expect(await send('t3', reaction, undefined, 'm.reaction')).toMatchObject({ status: 200 });
    expect(await send('t4', reaction, undefined, 'm.reaction')).toMatchObject({
      body: { errcode: 'M_DUPLICATE_ANNOTATION' },
    });
    const thread = (root: unknown) => ({ ...text, 'm.relates_to': { rel_type: 'm.thread', event_id: root } });
    const reply = await send('t5', thread(id));
    expect(await send('t6', thread(reply.body['event_id']))).toMatchObject({ status: 400 });
  });

  it.each([
    [room, (event: Record<string, unknown>) => event['redacts']],
    ['!newRoom', (event: Record<string, unknown>) => (event['content'] as Record<string, unknown>)['redacts']],
  ])('the Matrix simulator names a redacted event where the version of room %s has it', async (id, read) => {
    const rooms = roomsAt(bench.url);
    const said = await rooms.act('matrix', { room: id, text: 'hello' });
    await rooms.control('matrix', 'subscribe', {
      subscriptions: [{ url: 'http://127.0.0.1:9/hooks/x', hsToken: 'hs' }],
    });
    await rooms.act('matrix', { do: 'delete', room: id, id: said.id });
    const [hook] = await rooms.hooks('matrix');
    const [event] = (JSON.parse(hook?.body ?? '{}') as { events: Record<string, unknown>[] }).events;
    expect(read(event ?? {})).toBe(said.id);
    expect(hook?.url).toBe('http://127.0.0.1:9/hooks/x/_matrix/app/v1/transactions/1');
    expect(await rooms.read('matrix', id)).toMatchObject([{ deleted: true, markup: '' }]);
  });

  it('the Matrix simulator shows an edit only if the sender of the message made it', async () => {
    const rooms = roomsAt(bench.url);
    const { id } = await rooms.act('matrix', { room, text: 'mine' });
    await rooms.act('matrix', { do: 'edit', room, id, user: 'ben', text: 'his' });
    expect(await rooms.read('matrix', room)).toMatchObject([{ markup: 'mine', edited: false }]);
    await rooms.act('matrix', { do: 'edit', room, id, text: 'still mine' });
    expect(await rooms.read('matrix', room)).toMatchObject([{ markup: 'still mine', edited: true }]);
  });
});

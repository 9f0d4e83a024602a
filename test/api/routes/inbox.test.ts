import type { InboundEvent } from '../../../src/domain/inbound.ts';
import { finish, receive, waitForEvent } from '../../../src/store/inbound/inbox.ts';
import { startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.close());

const tenant = 'default';
const event = (key: string, more: Partial<InboundEvent> = {}): { event: InboundEvent } => ({
  event: { key, kind: 'created', room: 'C1', nativeId: key, at: new Date().toISOString(), text: 'a secret', ...more },
});
async function take(connection: string, ...arrivals: { event: InboundEvent }[]): Promise<string[]> {
  await receive(api.sql, api.ring, [{ tenant, connection, arrivals }]);
  const rows = await api.sql<{ id: string }[]>`select id from inbox where connection = ${connection} order by id`;
  return rows.map(({ id }) => id);
}
const list = async (query = '') => (await api.call('GET', `/v1/inbox${query}`)).body;

it('lists the events that platforms sent, newest first, with what became of each and without content', async () => {
  const [waiting = '', ignored = ''] = await take('acme', event('1', { kind: 'edited' }), event('2'));
  await waitForEvent(api.sql, waiting, 'root-1', 60);
  await finish(api.sql, ignored, 'ignored', { reason: { code: 'not_bridged', message: 'No bridge has this room.' } });
  const { data, nextCursor } = await list();
  expect(nextCursor).toBeNull();
  expect(data).toEqual([
    expect.objectContaining({
      id: ignored,
      connection: 'acme',
      room: 'C1',
      kind: 'created',
      state: 'ignored',
      reason: { code: 'not_bridged', message: 'No bridge has this room.' },
      nextLookAt: null,
      doneAt: expect.any(String),
    }),
    expect.objectContaining({ id: waiting, kind: 'edited', state: 'waiting', waitsFor: 'root-1', doneAt: null }),
  ]);
  expect(JSON.stringify(data)).not.toContain('a secret');
});

it('filters the inbox by state, connection and room, and lists it in pages', async () => {
  const ids = await take('acme', ...['1', '2', '3'].map((key) => event(key)), event('4', { room: 'C2' }));
  const [elsewhere] = await take('umbrella', event('1'));
  await finish(api.sql, ids[0] ?? '', 'ignored', { reason: { code: 'own_post', message: 'Ours.' } });
  const idsOf = (page: { data: { id: string }[] }): string[] => page.data.map(({ id }) => id);
  expect(idsOf(await list('?state=received&connection=acme&room=C1'))).toEqual([ids[2], ids[1]]);
  expect(idsOf(await list('?connection=umbrella'))).toEqual([elsewhere]);
  expect(idsOf(await list('?state=ignored'))).toEqual([ids[0]]);
  const first = await list('?connection=acme&limit=3');
  const second = await list(`?connection=acme&limit=3&cursor=${first.nextCursor}`);
  expect([...idsOf(first), ...idsOf(second)]).toEqual([...ids].reverse());
  expect((await api.call('GET', '/v1/inbox?state=lost')).status).toBe(422);
});

import { startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => void (api = await startTestApi()));
afterAll(() => api.close());

const get = (query = '') => api.call('GET', `/v1/housekeeping${query}`);

test('lists no housekeeping reports before anything was removed', async () => {
  expect((await get()).body).toEqual({ data: [], nextCursor: null });
});

test('lists housekeeping reports from the newest to the oldest, in pages', async () => {
  for (let n = 1; n <= 5; n += 1)
    await api.sql`insert into housekeeping_reports (pass, tenant, kind, removed)
      values (${`pass-${n}`}, 'default', 'content', ${n})`;
  const seen: number[] = [];
  for (let query = '?limit=2'; ;) {
    const { status, body } = await get(query);
    expect(status).toBe(200);
    seen.push(...body.data.map(({ removed }: { removed: number }) => removed));
    if (body.nextCursor === null) break;
    query = `?limit=2&cursor=${body.nextCursor}`;
  }
  expect(seen).toEqual([5, 4, 3, 2, 1]);
  expect((await get('?limit=1')).body.data).toEqual([
    {
      pass: 'pass-5',
      tenant: 'default',
      kind: 'content',
      removed: 5,
      startedAt: expect.stringMatching(/Z$/),
      endedAt: expect.stringMatching(/Z$/),
    },
  ]);
});

test('refuses a cursor of another list for the housekeeping reports', async () => {
  const cursor = Buffer.from('messages:1').toString('base64url');
  expect(await get(`?cursor=${cursor}`)).toMatchObject({ status: 422, body: { code: 'invalid' } });
});

import { reasons } from '../../../src/domain/reasons.ts';
import { startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => void (api = await startTestApi()));
afterAll(() => api.close());

const list = async (query = '') => (await api.call('GET', `/v1/reasons${query}`)).body;

it('explains a code: what it means, why it happens, what to do, and what it affects', async () => {
  expect(await list('?code=is_archived')).toEqual({
    data: [{ code: 'is_archived', ...reasons.is_archived }],
    nextCursor: null,
  });
});

it('explains a code that has no entry by its family', async () => {
  const { data } = await list('?code=http_503');
  expect(data).toEqual([{ code: 'http_503', ...reasons['http_5*'] }]);
  expect((await list('?code=slack_brand_new_word')).data).toMatchObject([{ code: 'slack_brand_new_word' }]);
});

it('says of a family which members are known', async () => {
  const [family] = (await list('?code=*_dropped')).data;
  expect(family).toMatchObject({ isFamily: true, members: expect.arrayContaining(['edit_dropped', 'react_dropped']) });
  const [matrix] = (await list('?code=matrix_*')).data;
  expect(matrix.members).toContain('matrix_forbidden');
});

it('answers with an empty list for a code that nobody makes', async () => {
  expect(await list('?code=no_such_code')).toEqual({ data: [], nextCursor: null });
});

it('lists every code once, in pages and in order', async () => {
  const codes: string[] = [];
  let cursor = '';
  do {
    const { data, nextCursor } = await list(`?limit=70${cursor}`);
    codes.push(...data.map(({ code }: { code: string }) => code));
    cursor = nextCursor === null ? '' : `&cursor=${nextCursor}`;
  } while (cursor !== '');
  expect(codes).toEqual(Object.keys(reasons).sort());
  expect((await api.call('GET', '/v1/reasons?cursor=nonsense')).status).toBe(422);
});

it('is for callers with a key', async () => {
  expect((await api.call('GET', '/v1/reasons', { anonymous: true })).status).toBe(401);
});

import { startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  api.runs.isAway = false;
  api.runs.isSilent = false;
  await api.sql`truncate workers`;
});

const ready = () => api.call('GET', '/readyz');
const workerSeen = (secondsAgo: number) => api.sql`
  insert into workers (id, seen_at) values ('w', clock_timestamp() - make_interval(secs => ${secondsAgo}))`;

test('with a worker and Temporal all is ok', async () => {
  await workerSeen(3);
  expect(await ready()).toMatchObject({
    status: 200,
    body: { accept: 'ok', delivery: 'ok', postgres: 'ok', temporal: 'ok' },
  });
});

test('without Temporal messages are accepted and not delivered', async () => {
  await workerSeen(3);
  api.runs.isAway = true;
  expect(await ready()).toMatchObject({
    status: 200,
    body: { accept: 'ok', delivery: 'down', postgres: 'ok', temporal: 'down' },
  });
});

test.each([
  ['was never there', undefined],
  ['was last seen 16 s ago', 16],
])('a worker that %s delivers nothing', async (_what, seconds) => {
  if (seconds !== undefined) await workerSeen(seconds);
  expect(await ready()).toMatchObject({ status: 200, body: { accept: 'ok', delivery: 'down' } });
});

test('a Temporal that does not answer holds nobody up', async () => {
  api.runs.isSilent = true;
  const start = performance.now();
  const [first, second] = await Promise.all([ready(), ready()]);
  expect(performance.now() - start).toBeLessThan(1_500);
  for (const { body } of [first, second]) expect(body).toMatchObject({ accept: 'ok', temporal: 'down' });
});

test('checks are no noise in the log', async () => {
  await ready();
  await api.call('GET', '/healthz');
  expect(api.log.join('')).not.toMatch(/"route":"\/(?:ready|health)z"/);
});

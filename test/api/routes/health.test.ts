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

test('reports every part as ok when a worker and Temporal are running', async () => {
  await workerSeen(3);
  expect(await ready()).toMatchObject({
    status: 200,
    body: { accept: 'ok', delivery: 'ok', postgres: 'ok', temporal: 'ok' },
  });
});

test('reports that messages are accepted but not delivered while Temporal is away', async () => {
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
])('reports that nothing is delivered when a worker %s', async (_what, seconds) => {
  if (seconds !== undefined) await workerSeen(seconds);
  expect(await ready()).toMatchObject({ status: 200, body: { accept: 'ok', delivery: 'down' } });
});

test('answers /readyz in time when Temporal does not answer', async () => {
  api.runs.isSilent = true;
  const start = performance.now();
  const [first, second] = await Promise.all([ready(), ready()]);
  expect(performance.now() - start).toBeLessThan(1_500);
  for (const { body } of [first, second]) expect(body).toMatchObject({ accept: 'ok', temporal: 'down' });
});

test('does not log health checks', async () => {
  await ready();
  await api.call('GET', '/healthz');
  expect(api.log.join('')).not.toMatch(/"route":"\/(?:ready|health)z"/);
});

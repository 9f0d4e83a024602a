import { eventually } from '../support/eventually.ts';
import { configureSinks } from '../support/sinks.ts';
import { createWhole, type Whole } from '../support/whole.ts';

let whole: Whole;
beforeAll(async () => {
  whole = await createWhole();
  await whole.start();
  const sinks = await configureSinks(whole, whole.simulators);
  await sinks.webhook('orders');
  await sinks.slack('ops', 'C0OUTAGE');
}, 120_000);
afterAll(() => whole?.remove(), 60_000);

const post = (key: string) =>
  whole.call('POST', '/v1/messages', { text: key, destinations: ['orders', 'ops'] }, { 'idempotency-key': key });
const ready = async () => (await whole.call('GET', '/readyz')).body;
const allOk = { accept: 'ok', delivery: 'ok', postgres: 'ok', temporal: 'ok' };

async function deliveredAll(ids: readonly string[]): Promise<void> {
  for (const id of ids) expect((await whole.rest(id, 60_000)).state).toBe('delivered');
}

it('messages are accepted while Temporal is away, and delivered when it is back, without a restart', async () => {
  const before = ['api', 'worker'].map(whole.pidOf);
  const end = await whole.outage('temporal');
  await eventually('it says so', async () => (await ready()).temporal === 'down');
  expect((await whole.call('GET', '/readyz')).status).toBe(200);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => post(`without-temporal-${n}`)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
  const { body } = await whole.call('GET', `/v1/messages/${answers[0]?.body.id}`);
  expect(body).toMatchObject({ state: 'accepted' });
  end();
  await deliveredAll(answers.map(({ body: { id } }) => id));
  await eventually('all is well', async () => JSON.stringify(await ready()) === JSON.stringify(allOk));
  expect(['api', 'worker'].map(whole.pidOf)).toEqual(before);
}, 120_000);

it('posts get a 503 with Retry-After while PostgreSQL is away, and all is well when it is back', async () => {
  const before = ['api', 'worker', 'temporal'].map(whole.pidOf);
  const end = await whole.outage('postgres');
  const refused = await eventually('it is refused', async () => {
    const answer = await post('without-postgres');
    return answer.status === 503 ? answer : undefined;
  });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(refused.body).toMatchObject({ code: 'unavailable' });
  const { status, body } = await whole.call('GET', '/readyz');
  expect([status, body]).toMatchObject([503, { accept: 'down', postgres: 'down' }]);
  end();
  // Posting again with the same key tells whether the post with the 503 was accepted.
  const answer = await eventually(
    'it is accepted',
    async () => {
      const again = await post('without-postgres');
      return again.status === 202 ? again : undefined;
    },
    60_000,
  );
  await deliveredAll([answer.body.id]);
  await eventually('all is well', async () => JSON.stringify(await ready()) === JSON.stringify(allOk));
  expect(['api', 'worker', 'temporal'].map(whole.pidOf)).toEqual(before);
}, 120_000);

it('a second start of the same home says who runs, and changes nothing', async () => {
  const before = ['api', 'worker', 'temporal', 'postgres'].map(whole.pidOf);
  await expect(whole.start()).rejects.toThrow(/already runs|already running/);
  expect(['api', 'worker', 'temporal', 'postgres'].map(whole.pidOf)).toEqual(before);
});

import { eventually } from '../support/eventually.ts';
import { readEvents } from '../support/history.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => void (stack = await startStack()), 120_000);
afterAll(() => stack?.close());

const retry = { initialInterval: '1s', multiplier: 1, maxInterval: '2s', maxAttempts: 10, deadline: '10m' };
const requestsTo = async (name: string) =>
  (await stack.requests('webhook')).filter(({ path }) => path === `/webhook/${name}`);
const healthOf = (name: string) => stack.must('GET', `/v1/destinations/${name}/health`);
const stateOf = async (name: string, state: string) =>
  eventually(`${name} is ${state}`, async () => (await healthOf(name)).state === state, 40_000);
const eventsOf = async (name: string) =>
  (
    await stack.sql<{ type: string }[]>`
      select type from events where destination = ${name} and type like 'carillon.destination.%' order by xid, id`
  ).map(({ type }) => type.replace('carillon.destination.', ''));
const delivered = (posts: readonly { id: string }[]) =>
  eventually(
    'all are delivered',
    async () => {
      const states = await stack.sql<{ state: string }[]>`
        select state from messages where id = any(${posts.map(({ id }) => id)})`;
      return states.every(({ state }) => state === 'delivered');
    },
    40_000,
  );

/** Returns the most of these times within any one second. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
}

it.concurrent(
  'a sink that is down is left alone, delays no other, and gets all within its rate when it is back',
  async () => {
    const limit = 15;
    await stack.webhook('down', { retry, rate: { limit, per: '1s' } });
    await stack.webhook('up', { retry });
    await stack.fault('webhook', { path: '/webhook/down', status: 500, times: 0 });
    const posts: { id: string; deliveries: { id: string; destination: string }[] }[] = [];
    for (let n = 0; n < 60; n += 1)
      posts.push(await stack.post({ text: `n ${n}`, destinations: ['down', 'up'], conversation: `down-${n}` }));
    await stateOf('down', 'unhealthy');
    const opened = await healthOf('down');
    expect(opened).toMatchObject({ reason: { code: 'http_500' }, nextProbeAt: expect.any(String) });
    const openedAt = Date.parse(opened.since);
    await eventually('the others have it all', async () => (await requestsTo('up')).length === 60);
    const urgent = [];
    for (let n = 0; n < 3; n += 1)
      urgent.push(
        await stack.post({ text: 'now', destinations: ['down'], conversation: `urgent-${n}`, priority: 'critical' }),
      );
    await eventually('all wait', async () => (await healthOf('down')).waiting === 63);
    // The first probe fails, and the next one comes 10 s later.
    await eventually('a probe was refused', async () =>
      (await requestsTo('down')).some(({ at }) => Date.parse(at) > openedAt + 2_000),
    );
    const during = (await requestsTo('down')).map(({ at }) => Date.parse(at)).filter((at) => at > openedAt + 1_000);
    expect(during).toHaveLength(1);
    await stack.clearFaults('webhook');
    await delivered([...posts, ...urgent]);
    await stateOf('down', 'healthy');
    expect(await eventsOf('down')).toEqual(['unhealthy', 'recovered']);
    const accepted = (await requestsTo('down')).filter((one) => one.accepted);
    expect(accepted).toHaveLength(63);
    // The slots are even, but the time from a slot to the arrival varies by some milliseconds.
    expect(mostInASecond(accepted.map(({ at }) => Date.parse(at)))).toBeLessThanOrEqual(limit + 5);
    const order = accepted.map(({ headers }) => headers['webhook-id']);
    // The critical messages were posted last. One that is late for its slot takes the next one, up to a second later.
    for (const { deliveries } of urgent) expect(order.indexOf(deliveries[0]?.id)).toBeLessThan(2 * limit);
    const [most] = await stack.sql`select max(attempts) as attempts from deliveries where destination = 'down'`;
    expect(most?.['attempts']).toBeLessThanOrEqual(3);
  },
  90_000,
);

it.concurrent(
  'a paused destination gets nothing until it is resumed, and then everything in order',
  async () => {
    await stack.webhook('paused', { retry });
    await stack.must('POST', '/v1/destinations/paused/pause', { reason: 'maintenance' });
    const posts = [];
    for (let n = 0; n < 6; n += 1)
      posts.push(await stack.post({ text: `n ${n}`, destinations: ['paused'], conversation: `paused-${n % 2}` }));
    await eventually('the heads wait for it', async () => (await healthOf('paused')).waiting === 2);
    expect(await healthOf('paused')).toMatchObject({ state: 'paused', reason: { message: 'maintenance' } });
    const { deliveries } = await stack.message(posts[0]?.id ?? '');
    expect(deliveries[0]).toMatchObject({ state: 'waiting', attempts: 0, reason: { code: 'paused' } });
    expect(await requestsTo('paused')).toEqual([]);
    await stack.must('POST', '/v1/destinations/paused/resume', {});
    await delivered(posts);
    const arrived = (await requestsTo('paused')).map(({ headers }) => headers['webhook-id']);
    for (const lane of [0, 1]) {
      const posted = posts.filter((_, n) => n % 2 === lane).map((post) => post.deliveries[0]?.id);
      expect(arrived.filter((id) => posted.includes(id))).toEqual(posted);
    }
    expect(await eventsOf('paused')).toEqual(['paused', 'resumed']);
  },
  60_000,
);

it.concurrent(
  'a Retry-After holds back every other delivery to its destination',
  async () => {
    await stack.webhook('busy', { retry });
    await stack.fault('webhook', { path: '/webhook/busy', status: 429, retryAfter: 4, times: 1 });
    const first = await stack.post({ text: 'first', destinations: ['busy'] });
    await eventually('it is refused', async () => (await healthOf('busy')).heldUntil !== null);
    const others = [];
    for (let n = 0; n < 5; n += 1) others.push(await stack.post({ text: `n ${n}`, destinations: ['busy'] }));
    await eventually('the others wait', async () => (await healthOf('busy')).waiting === 5);
    expect((await stack.message(others[0]?.id ?? '')).deliveries[0]).toMatchObject({
      attempts: 0,
      reason: { code: 'retry_after' },
    });
    await delivered([first, ...others]);
    const [refused, ...later] = (await requestsTo('busy')).map(({ at }) => Date.parse(at));
    expect(later).toHaveLength(6);
    expect(Math.min(...later) - (refused ?? 0)).toBeGreaterThanOrEqual(4_000);
    expect(await healthOf('busy')).toMatchObject({ state: 'healthy', failures: 0 });
  },
  60_000,
);

it.concurrent(
  'a delivery at a shut gate waits and goes when it is called, both without an activity',
  async () => {
    await stack.webhook('shut', { retry });
    await stack.webhook('open', { retry });
    await stack.must('POST', '/v1/destinations/shut/pause', { reason: 'maintenance' });
    const { id } = await stack.post({ text: 'to both', destinations: ['shut', 'open'] });
    await eventually('it waits', async () => (await healthOf('shut')).waiting === 1);
    await eventually('the other one has it', async () => (await requestsTo('open')).length === 1);
    const [run] = await stack.sql<{ id: string }[]>`select workflow_id as id from messages where id = ${id}`;
    const activities = async () =>
      (await readEvents(stack.temporal, run?.id ?? '')).filter(
        ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled != null,
      ).length;
    expect(await activities()).toBe(0);
    await stack.must('POST', '/v1/destinations/shut/resume', {});
    await delivered([{ id }]);
    expect(await activities()).toBe(0);
  },
  60_000,
);

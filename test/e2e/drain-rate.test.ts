import { slotLifeMs } from '../../src/domain/gate.ts';
import { eventually } from '../support/eventually.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => void (stack = await startStack()), 120_000);
afterAll(() => stack?.close());

const limit = 20;
const lanes = 30;
const perLane = 4;

/** Returns the most of these times within any one second. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
}

it('messages that waited in many short lanes go out in order, near the full rate and never above it', async () => {
  await stack.webhook('short', { rate: { limit, per: '1s' } });
  await stack.must('POST', '/v1/destinations/short/pause', { reason: 'maintenance' });
  const posts: { id: string; deliveries: { id: string }[] }[] = [];
  for (let n = 0; n < lanes * perLane; n += 1)
    posts.push(await stack.post({ text: `n ${n}`, destinations: ['short'], conversation: `lane-${n % lanes}` }));
  await eventually(
    'the heads wait for it',
    async () => (await stack.must('GET', '/v1/destinations/short/health')).waiting === lanes,
  );
  await stack.must('POST', '/v1/destinations/short/resume', {});
  const arrived = async () => (await stack.requests('webhook')).filter(({ path }) => path === '/webhook/short');
  await eventually('all have arrived', async () => (await arrived()).length === posts.length, 60_000);
  const requests = await arrived();
  const times = requests.map(({ at }) => Date.parse(at)).sort((a, b) => a - b);
  const everyMs = 1_000 / limit;
  // The rate allows the burst, and requests that came late for their slot by at most a slot's life (`slotLifeMs`). The
  // way to the sink takes some milliseconds, which vary.
  const jitter = 3;
  expect(mostInASecond(times)).toBeLessThanOrEqual(limit + 1 + slotLifeMs(everyMs) / everyMs + jitter);
  const tookMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  expect(tookMs).toBeGreaterThan((posts.length - 1 - slotLifeMs(everyMs) / everyMs - jitter) * everyMs);
  expect(tookMs).toBeLessThan(2 * posts.length * everyMs);
  const order = requests.map(({ headers }) => headers['webhook-id']);
  for (let lane = 0; lane < lanes; lane += 1) {
    const posted = posts.filter((_, n) => n % lanes === lane).map(({ deliveries }) => deliveries[0]?.id);
    expect(order.filter((id) => posted.includes(id))).toEqual(posted);
  }
}, 120_000);

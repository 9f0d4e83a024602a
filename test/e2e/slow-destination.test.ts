import { sendsAtOnce } from '../../src/domain/gate.ts';
import { eventually } from '../support/eventually.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => void (stack = await startStack()), 120_000);
afterAll(() => stack?.close());

it('a slow destination gets few requests at a time while others are served, and in the end all, once', async () => {
  const count = 120;
  await stack.webhook('dawdler', { timeout: '20s' });
  await stack.webhook('brisk', {});
  await stack.fault('webhook', { path: '/webhook/dawdler', delayMs: 15_000, times: 0 });
  const posts: { id: string }[] = [];
  for (let n = 0; n < count; n += 1) posts.push(await stack.post({ text: `n ${n}`, destinations: ['dawdler'] }));
  const ids = posts.map(({ id }) => id);
  const countOf = async (state: string) => {
    const [row] = await stack.sql<{ count: number }[]>`
      select count(*)::integer as count from deliveries where message = any(${ids}) and state = ${state}`;
    return row?.count ?? 0;
  };
  await eventually('it has as many as it gets', async () => (await countOf('sending')) === sendsAtOnce, 20_000);
  const brisk = await stack.post({ text: 'beside it', destinations: ['brisk'] });
  await eventually('the other one has it', async () => (await stack.message(brisk.id)).state === 'delivered');
  expect(await countOf('sending')).toBeLessThanOrEqual(sendsAtOnce);
  expect(await countOf('delivered')).toBeLessThan(count / 2);
  await stack.clearFaults('webhook');
  await eventually('it has them all', async () => (await countOf('delivered')) === count, 60_000);
  const requests = (await stack.requests('webhook')).filter(({ path }) => path === '/webhook/dawdler');
  expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(count);
  expect(requests).toHaveLength(count);
}, 120_000);

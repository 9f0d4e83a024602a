import { createPace } from '../../../src/deliver/capacity/pace.ts';

const rate = (gate: string, limit: number, burst = 1) => ({ gate, rate: { limit, perMs: 1_000, burst } });
const orders = [rate('destination:orders', 20)];

/** Makes a pace with a clock that only `pass` moves. `gone` has the time at which each send was let go. */
function watch() {
  let now = 1_000;
  jest.useFakeTimers();
  const pace = createPace(() => now);
  const gone: [string, number][] = [];
  const go = (name: string, rates = orders, tenant = 'acme') =>
    void pace.keep(tenant, rates).then(() => gone.push([name, now]));
  const pass = async (ms: number, lateBy = 0): Promise<void> => {
    for (let step = 0; step < ms; step += 10) {
      now += 10;
      if (step >= lateBy) await jest.advanceTimersByTimeAsync(step === lateBy ? lateBy + 10 : 10);
    }
  };
  return { go, gone, pass };
}
afterEach(() => jest.useRealTimers());

describe('the pace of sends with a rate', () => {
  it('sends that come at once go in their order and at the rate', async () => {
    const { go, gone, pass } = watch();
    for (const name of ['a', 'b', 'c']) go(name);
    await pass(300);
    go('d');
    await pass(10);
    expect(gone).toEqual([
      ['a', 1_010],
      ['b', 1_060],
      ['c', 1_110],
      ['d', 1_310],
    ]);
  });

  it('sends keep their rate although timers fire 200 ms late', async () => {
    const { go, gone, pass } = watch();
    for (const name of ['a', 'b', 'c', 'd']) go(name);
    await pass(400, 200); // no timer fires for 200 ms
    const at = gone.map(([, when]) => when);
    expect(gone).toHaveLength(4);
    for (const [index, when] of at.entries())
      if (index > 0) expect(when - (at[index - 1] ?? 0)).toBeGreaterThanOrEqual(50);
  });

  it('sends to other destinations, of other tenants or without a rate do not wait', async () => {
    const { go, gone, pass } = watch();
    go('first');
    go('audit', [rate('destination:audit', 20)]);
    go('other', orders, 'other');
    go('free', []);
    go('free too', []);
    await pass(10);
    expect(gone).toHaveLength(5);
  });

  it('a send with several rates keeps the slowest one', async () => {
    const { go, gone, pass } = watch();
    const both = [...orders, rate('connection:hooks', 5)];
    for (const name of ['a', 'b']) go(name, both);
    await pass(300);
    expect(gone).toEqual([
      ['a', 1_010],
      ['b', 1_210],
    ]);
  });

  it('as many sends go at once as the burst of the rate allows', async () => {
    const { go, gone, pass } = watch();
    for (const name of ['a', 'b', 'c', 'd']) go(name, [rate('destination:orders', 10, 3)]);
    await pass(200);
    expect(gone.map(([, when]) => when)).toEqual([1_010, 1_010, 1_010, 1_110]);
  });

  it('a send waits for its rate for half a second at most, because its claim is running out', async () => {
    const { go, gone, pass } = watch();
    const slow = [rate('destination:orders', 1)];
    for (const name of ['a', 'b', 'c']) go(name, slow);
    await pass(600);
    expect(gone.map(([, when]) => when)).toEqual([1_010, 1_500, 1_500]);
  });
});

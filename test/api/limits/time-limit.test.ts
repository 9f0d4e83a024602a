import { sharedLimit, TimeLimitError } from '../../../src/api/limits/time-limit.ts';

const never = new Promise<never>(() => undefined);

it('works under one limit have together what one of them would have', async () => {
  let clock = 1_000;
  const inTime = sharedLimit(120, () => clock);
  clock += 70;
  expect(await inTime(Promise.resolve('first'))).toBe('first');
  await expect(inTime(never)).rejects.toThrow('not done within 50 ms');
  clock += 80;
  await expect(inTime(never)).rejects.toThrow(TimeLimitError);
  await expect(inTime(never)).rejects.toThrow('not done within 0 ms');
});

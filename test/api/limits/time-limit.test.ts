import { sharedLimit, TimeLimitError } from '../../../src/api/limits/time-limit.ts';

const never = new Promise<never>(() => undefined);

it('gives several pieces of work under one time limit only the time that is left of it', async () => {
  let clock = 1_000;
  const inTime = sharedLimit(120, () => clock);
  clock += 70;
  expect(await inTime(Promise.resolve('first'))).toBe('first');
  await expect(inTime(never)).rejects.toThrow('not done within 50 ms');
  clock += 80;
  await expect(inTime(never)).rejects.toThrow(TimeLimitError);
  await expect(inTime(never)).rejects.toThrow('not done within 0 ms');
});

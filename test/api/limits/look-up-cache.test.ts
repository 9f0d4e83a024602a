import { createLookUpCache } from '../../../src/api/limits/look-up-cache.ts';

/** A cache that counts the look-ups of each key. Keys that begin with `x` are not found. */
function counted(settings: { keepMs?: number; maxEntries?: number; maxPending?: number } = {}) {
  const counts = new Map<string, number>();
  let release: () => void = () => undefined;
  let held = Promise.resolve();
  const find = createLookUpCache<string>({
    lookUp: async (key) => {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      await held;
      return key.startsWith('x') ? undefined : `found ${key}`;
    },
    keepMs: () => settings.keepMs ?? 60_000,
    maxEntries: settings.maxEntries ?? 10,
    maxPending: settings.maxPending ?? 10,
  });
  const hold = (): void => void (held = new Promise((resolve) => (release = resolve)));
  return { find, counts, hold, release: () => release() };
}

test('uses the result of a look-up again while it is kept', async () => {
  const { find, counts } = counted();
  expect([await find('a'), await find('a')]).toEqual(['found a', 'found a']);
  expect(counts.get('a')).toBe(1);
});

test('looks a key up again when its result is no longer kept', async () => {
  const { find, counts } = counted({ keepMs: 0 });
  await find('a');
  await find('a');
  expect(counts.get('a')).toBe(2);
});

test('looks up an unknown key each time, and drops no known key for it', async () => {
  const { find, counts } = counted({ maxEntries: 1 });
  await find('a');
  for (const key of ['x1', 'x1', 'x2']) expect(await find(key)).toBeUndefined();
  await find('a');
  expect(Object.fromEntries(counts)).toEqual({ a: 1, x1: 2, x2: 1 });
});

test('drops the oldest result when the cache is full', async () => {
  const { find, counts } = counted({ maxEntries: 2 });
  for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await find(key);
  expect(Object.fromEntries(counts)).toEqual({ a: 2, b: 1, c: 1 });
});

test('makes one look-up for concurrent requests with one key, and answers 503 beyond the limit', async () => {
  const { find, counts, hold, release } = counted({ maxPending: 1 });
  hold();
  const both = [find('a'), find('a')];
  await expect(find('b')).rejects.toMatchObject({ code: 'unavailable' });
  release();
  expect(await Promise.all(both)).toEqual(['found a', 'found a']);
  expect(counts.get('a')).toBe(1);
  expect(await find('b')).toBe('found b');
});

test('does not cache a look-up that failed', async () => {
  let isAway = true;
  const find = createLookUpCache<string>({
    lookUp: async () => {
      if (isAway) throw new Error('away');
      return 'found';
    },
    keepMs: () => 60_000,
    maxEntries: 1,
    maxPending: 1,
  });
  await expect(find('a')).rejects.toThrow('away');
  isAway = false;
  expect(await find('a')).toBe('found');
});

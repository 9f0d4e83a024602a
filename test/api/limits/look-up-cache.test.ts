import { createLookUpCache } from '../../../src/api/limits/look-up-cache.ts';

/** Counts the look-ups of each key; names that begin with `x` are not found. */
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

test('what was found is not looked up again while it is kept', async () => {
  const { find, counts } = counted();
  expect([await find('a'), await find('a')]).toEqual(['found a', 'found a']);
  expect(counts.get('a')).toBe(1);
});

test('what is kept no longer is looked up again', async () => {
  const { find, counts } = counted({ keepMs: 0 });
  await find('a');
  await find('a');
  expect(counts.get('a')).toBe(2);
});

test('what was not found is looked up each time, and pushes nothing out', async () => {
  const { find, counts } = counted({ maxEntries: 1 });
  await find('a');
  for (const key of ['x1', 'x1', 'x2']) expect(await find(key)).toBeUndefined();
  await find('a');
  expect(Object.fromEntries(counts)).toEqual({ a: 1, x1: 2, x2: 1 });
});

test('it holds so many at most, and lets the oldest go', async () => {
  const { find, counts } = counted({ maxEntries: 2 });
  for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await find(key);
  expect(Object.fromEntries(counts)).toEqual({ a: 2, b: 1, c: 1 });
});

test('who asks for the same at once waits for one look-up; beyond so many it is a 503', async () => {
  const { find, counts, hold, release } = counted({ maxPending: 1 });
  hold();
  const both = [find('a'), find('a')];
  await expect(find('b')).rejects.toMatchObject({ code: 'unavailable' });
  release();
  expect(await Promise.all(both)).toEqual(['found a', 'found a']);
  expect(counts.get('a')).toBe(1);
  expect(await find('b')).toBe('found b');
});

test('a look-up that fails is not kept', async () => {
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

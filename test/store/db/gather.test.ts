import { gather } from '../../../src/store/db/gather.ts';

/** Makes a call that ends when the test says so, with the items of each call. */
function held() {
  const calls: { items: readonly string[]; end: () => void; fail: (error: Error) => void }[] = [];
  const call = (items: readonly string[]): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      calls.push({ items, end: () => resolve(items.map((item) => item.toUpperCase())), fail: reject });
    });
  return { calls, call };
}

const isOnes = (error: unknown): boolean => (error as Error).message !== 'away';

describe('gathered calls', () => {
  it('items are called at once while there is room, and items that come meanwhile go together', async () => {
    const { calls, call } = held();
    const ask = gather(call, { most: 3, atOnce: 2, isOnes });
    const [a, b] = [ask('a'), Promise.resolve().then(() => ask('b'))];
    while (calls.length < 2) await new Promise(setImmediate);
    expect(calls.map(({ items }) => items)).toEqual([['a'], ['b']]);
    const meanwhile = ['c', 'd', 'e', 'f'].map(ask);
    calls[0]?.end();
    while (calls.length < 3) await new Promise(setImmediate);
    expect(calls[2]?.items).toEqual(['c', 'd', 'e']);
    calls[1]?.end();
    while (calls.length < 4) await new Promise(setImmediate);
    expect(calls[3]?.items).toEqual(['f']);
    calls.slice(2).forEach(({ end }) => end());
    expect(await Promise.all([a, b, ...meanwhile])).toEqual(['A', 'B', 'C', 'D', 'E', 'F']);
  });

  it('items that are added in a loop go together', async () => {
    const { calls, call } = held();
    const ask = gather(call, { most: 3, atOnce: 2, isOnes });
    const answers = Promise.all(['a', 'b', 'c', 'd'].map(ask));
    await new Promise(setImmediate);
    expect(calls.map(({ items }) => items)).toEqual([['a', 'b', 'c'], ['d']]);
    calls.forEach(({ end }) => end());
    expect(await answers).toEqual(['A', 'B', 'C', 'D']);
  });

  it('an error that one item may have caused fails only that item', async () => {
    const seen: (readonly string[])[] = [];
    const ask = gather(
      async (items: readonly string[]) => {
        seen.push(items);
        await new Promise(setImmediate);
        if (items.includes('bad')) throw new Error('a rule was broken');
        return items;
      },
      { most: 9, atOnce: 1, isOnes },
    );
    const answers = await Promise.allSettled(['first', 'good', 'bad', 'fine'].map(ask));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(seen).toEqual([['first', 'good', 'bad', 'fine'], ['first'], ['good'], ['bad'], ['fine']]);
  });

  it('items are not tried alone where the server is away', async () => {
    let asked = 0;
    const ask = gather(
      async (items: readonly string[]) => {
        asked += 1;
        await new Promise(setImmediate);
        if (items.length > 0) throw new Error('away');
        return items;
      },
      { most: 9, atOnce: 1, isOnes },
    );
    const answers = await Promise.allSettled(['a', 'b', 'c', 'd'].map(ask));
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    expect(asked).toBe(1);
  });
});

/** How calls are put together. */
export interface GatherOptions {
  /** Items of one call at most. */
  readonly most: number;
  /** Calls under way at once; while there are so many, further items wait and go together in the next. */
  readonly atOnce: number;
  /** Whether an error may be one item's fault, or come of two in one call: then each item is tried by itself. */
  readonly isOnes: (error: unknown) => boolean;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes one call of many: an item that comes while calls are under way goes along in the next one. No timer is involved,
 * so a quiet process answers as fast as without, and a busy one makes few calls, each for many.
 * @param call one result for each item, in their order.
 */
export function gather<Item, Result>(
  call: (items: readonly Item[]) => Promise<readonly Result[]>,
  { most, atOnce, isOnes }: GatherOptions,
): (item: Item) => Promise<Result> {
  const waiting: Waiting<Item, Result>[] = [];
  let running = 0;

  async function make(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await call(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result === undefined) reject(new Error('a call answered for fewer items than it was given'));
        else resolve(result);
      });
    } catch (error) {
      if (batch.length > 1 && isOnes(error)) for (const one of batch) await make([one]);
      else for (const { reject } of batch) reject(error);
    }
  }

  function next(): void {
    while (running < atOnce && waiting.length > 0) {
      running += 1;
      void make(waiting.splice(0, most)).finally(() => {
        running -= 1;
        next();
      });
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      queueMicrotask(next); // so that what one caller asks for in a loop goes together
    });
}

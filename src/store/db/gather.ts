/** How items are gathered into calls. */
export interface GatherOptions {
  /** The most items in one call. */
  readonly most: number;
  /** The most calls under way at once. Further items wait and go together in the next call. */
  readonly atOnce: number;
  /** Whether an error may come from one item, or from two items in one call. Then each item is tried alone. */
  readonly isOnes: (error: unknown) => boolean;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers items into calls: while `atOnce` calls are under way, further items wait, and the next call takes them
 * together. No timer is involved. So a quiet process answers as fast as without gathering, and a busy one makes few
 * calls with many items.
 * @param call returns one result for each item, in the items' order.
 * @returns a function that resolves to an item's result, or rejects with the error of its call.
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
      queueMicrotask(next); // so that items that a caller adds in a loop go in one call
    });
}

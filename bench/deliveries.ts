import type { Posted } from './load.ts';
import type { Arrivals } from './sink.ts';

/** The promised deliveries of a run, compared with those that arrived. */
export interface Verdict {
  readonly messages: number;
  readonly deliveries: number;
  /** Posts that were not answered with 202. */
  readonly refused: number;
  /** Deliveries that never arrived. */
  readonly lost: number;
  /** Deliveries that arrived more than once. */
  readonly doubled: number;
  /** Arrivals that were not promised in any answer. */
  readonly unknown: number;
  /** Milliseconds from each post to the arrival of each of its deliveries. */
  readonly receiptToDelivery: readonly number[];
  /** Milliseconds from the first post to the last arrival. */
  readonly wallMs: number;
}

/** Compares the answers of the API with the arrivals at the sink. */
export function compare(posted: readonly Posted[], { ids, at }: Arrivals): Verdict {
  const first = new Map<string, number>();
  const doubled = new Set<string>();
  for (const [index, id] of ids.entries())
    if (first.has(id)) doubled.add(id);
    else first.set(id, at[index] ?? Number.NaN);
  const accepted = posted.filter(({ status }) => status === 202);
  const promised = accepted.flatMap((post) => post.deliveries.map((delivery) => ({ delivery, since: post.at })));
  const arrived = promised.flatMap(({ delivery, since }) => {
    const arrival = first.get(delivery);
    return arrival === undefined ? [] : [arrival - since];
  });
  const begin = Math.min(...posted.map((post) => post.at));
  const known = new Set(promised.map(({ delivery }) => delivery));
  return {
    messages: accepted.length,
    deliveries: promised.length,
    refused: posted.length - accepted.length,
    lost: promised.length - arrived.length,
    doubled: doubled.size,
    unknown: [...first.keys()].filter((id) => !known.has(id)).length,
    receiptToDelivery: arrived,
    wallMs: Math.max(...at) - begin,
  };
}

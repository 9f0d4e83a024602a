import type { Priority } from '../../src/domain/message.ts';
import type { Streamed } from '../stream.ts';

/** One request to the receiver. */
export interface Arrival {
  readonly path: string;
  /** Value of `webhook-id`: the id of the delivery, which is the same in each of its attempts. */
  readonly id: string;
  /** Milliseconds of the clock that all processes of the machine share. */
  readonly at: number;
  /** Status of the answer; 0 for a connection that was reset. */
  readonly status: number;
  /** Whether the receiver accepted the request. It may accept a request and then not answer. */
  readonly isTaken: boolean;
  readonly conversation: string | null;
  readonly sequence: number | null;
  readonly priority: Priority;
}

/** The promised deliveries compared with the arrivals, as seen by a receiver that ignores a repeated `webhook-id`. */
export interface Tally {
  readonly messages: number;
  readonly deliveries: number;
  /** Posts that were not answered with 202. */
  readonly refused: number;
  readonly lost: number;
  /** Deliveries that the receiver accepted more than once. */
  readonly doubled: number;
  /** Requests per promised delivery. */
  readonly requestsEach: number;
}

/** Returns the first accepted request of each delivery, in the order of arrival. */
export function firstTaken(arrivals: readonly Arrival[]): Map<string, Arrival> {
  const first = new Map<string, Arrival>();
  for (const arrival of arrivals) if (arrival.isTaken && !first.has(arrival.id)) first.set(arrival.id, arrival);
  return first;
}

/**
 * Counts what was promised and what arrived.
 * @param destinations only deliveries to these count. Default: all.
 */
export function tally(
  posted: readonly Streamed[],
  arrivals: readonly Arrival[],
  destinations?: readonly string[],
): Tally {
  const promised = promisedIn(posted, destinations);
  const taken = new Map<string, number>();
  for (const { id, isTaken } of arrivals) if (isTaken) taken.set(id, (taken.get(id) ?? 0) + 1);
  const ids = new Set(promised.map(({ id }) => id));
  return {
    messages: posted.filter(({ status }) => status === 202).length,
    deliveries: promised.length,
    refused: posted.filter(({ status }) => status !== 202).length,
    lost: promised.filter(({ id }) => !taken.has(id)).length,
    doubled: promised.filter(({ id }) => (taken.get(id) ?? 0) > 1).length,
    requestsEach: arrivals.filter(({ id }) => ids.has(id)).length / promised.length,
  };
}

/**
 * Returns the milliseconds from each post until each of its deliveries was accepted. Deliveries that were not are left
 * out.
 */
export function latencies(
  posted: readonly Streamed[],
  arrivals: readonly Arrival[],
  destinations?: readonly string[],
): number[] {
  const first = firstTaken(arrivals);
  return promisedIn(posted, destinations).flatMap(({ id, since }) => {
    const arrival = first.get(id);
    return arrival === undefined ? [] : [arrival.at - since];
  });
}

/** Returns the longest latency of the posts of each second, from the first post on; 0 for a second without posts. */
export function slowestBySecond(posted: readonly Streamed[], arrivals: readonly Arrival[]): number[] {
  const begin = posted.reduce((least, { at }) => Math.min(least, at), Infinity);
  const first = firstTaken(arrivals);
  const slowest: number[] = [];
  for (const { id, since } of promisedIn(posted, undefined)) {
    const arrival = first.get(id);
    if (arrival === undefined) continue;
    const second = Math.floor((since - begin) / 1_000);
    while (slowest.length <= second) slowest.push(0);
    slowest[second] = Math.max(slowest[second] ?? 0, arrival.at - since);
  }
  return slowest;
}

function promisedIn(posted: readonly Streamed[], destinations: readonly string[] | undefined) {
  return posted
    .filter(({ status }) => status === 202)
    .flatMap(({ at, deliveries }) =>
      deliveries
        .filter(({ destination }) => destinations === undefined || destinations.includes(destination))
        .map(({ id }) => ({ id, since: at })),
    );
}

/**
 * Returns the deliveries that were first accepted after a delivery of their lane with a higher sequence. A lane is a
 * path and a conversation.
 */
export function outOfOrder(arrivals: readonly Arrival[]): Arrival[] {
  const highest = new Map<string, number>();
  return [...firstTaken(arrivals).values()].filter(({ path, conversation, sequence }) => {
    if (conversation === null || sequence === null) return false;
    const lane = `${path} ${conversation}`;
    const before = highest.get(lane) ?? -Infinity;
    highest.set(lane, Math.max(before, sequence));
    return sequence < before;
  });
}

/** Returns how many deliveries of other priorities were accepted before the last critical one, from `since` on. */
export function beforeLastCritical(arrivals: readonly Arrival[], since: number): number {
  const order = [...firstTaken(arrivals).values()].filter(({ at }) => at >= since);
  const last = order.map(({ priority }) => priority).lastIndexOf('critical');
  return order.slice(0, last + 1).filter(({ priority }) => priority !== 'critical').length;
}

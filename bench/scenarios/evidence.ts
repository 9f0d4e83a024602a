import type { Priority } from '../../src/domain/message.ts';
import type { Streamed } from '../stream.ts';

/** One request at the receiver. */
export interface Arrival {
  readonly path: string;
  /** `webhook-id`: the delivery, the same in each of its attempts. */
  readonly id: string;
  /** Milliseconds by the clock of the machine, as of everything here. */
  readonly at: number;
  /** 0 for a connection that was reset instead. */
  readonly status: number;
  /** Whether the receiver did what it says; a request may be taken whose sender is not told so. */
  readonly isTaken: boolean;
  readonly conversation: string | null;
  readonly sequence: number | null;
  readonly priority: Priority;
}

/** What became of what was promised, as a receiver that folds by `webhook-id` sees it. */
export interface Tally {
  readonly messages: number;
  readonly deliveries: number;
  /** Posts that were not answered with 202. */
  readonly refused: number;
  readonly lost: number;
  /** Taken more than once, in all requests. */
  readonly doubled: number;
  /** Requests for each delivery that was promised. */
  readonly requestsEach: number;
}

/** The first request of each delivery that was taken, in the order of their arrival. */
export function firstTaken(arrivals: readonly Arrival[]): Map<string, Arrival> {
  const first = new Map<string, Arrival>();
  for (const arrival of arrivals) if (arrival.isTaken && !first.has(arrival.id)) first.set(arrival.id, arrival);
  return first;
}

/** @param destinations of which deliveries count; all without it. */
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

/** From each post to the moment that each of its deliveries was taken, milliseconds; those that were not are left out. */
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

/** The longest latency of what was posted in each second, from the first post on; 0 where nothing was. */
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

/** Deliveries that were first taken after one of their lane with a higher sequence: a lane is path and conversation. */
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

/** Of those taken since: how many of another priority came before the last critical one. */
export function beforeLastCritical(arrivals: readonly Arrival[], since: number): number {
  const order = [...firstTaken(arrivals).values()].filter(({ at }) => at >= since);
  const last = order.map(({ priority }) => priority).lastIndexOf('critical');
  return order.slice(0, last + 1).filter(({ priority }) => priority !== 'critical').length;
}

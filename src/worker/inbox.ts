import type { Logger } from 'pino';
import { routeEvent } from '../intake/bridge/route-event.ts';
import type { RouteDeps } from '../intake/bridge/routable-event.ts';
import type { InboxId } from '../domain/ids.ts';
import { leaseEvents, postpone, type LeasedEvent } from '../store/inbound/inbox.ts';
import { takeLease } from '../store/runs/workers.ts';
import { startLoop, type Loop } from './loop.ts';

/** I3: after this time without a renewal, another process takes over. */
const leaseSeconds = 6;
const renewMs = 2_000;
/**
 * Between two looks when nothing is poked, milliseconds: for events that waited, such as changes of unknown messages.
 */
const idleMs = 500;
const batch = 100;
/** Rooms whose events are routed at once. */
const roomsAtOnce = 8;
/** I2: the lease on an event. A process that dies with it delays the event by this time. */
const eventLeaseSeconds = 15;
/** By then the run that fetches an event has ended. If the event is still incomplete, the run is started again. */
const refetchSeconds = 60;
/**
 * The wait after a failure on our side, in seconds. It doubles up to a minute, so that a failing event costs little.
 */
const retrySeconds = (tries: number): number => Math.min(2 ** Math.min(tries, 6), 60);

export interface InboxDeps extends RouteDeps {
  readonly worker: string;
  readonly log: Logger;
  /** Starts the run that completes an event. Throws while Temporal is away. */
  readonly fetchEvent: (event: InboxId) => Promise<void>;
}

/** Groups events by room; each room's events keep their order. */
function byRoom(found: readonly LeasedEvent[]): LeasedEvent[][] {
  const rooms = new Map<string, LeasedEvent[]>();
  for (const event of found) {
    const key = `${event.tenant} ${event.connection} ${event.event.room}`;
    const room = rooms.get(key);
    if (room === undefined) rooms.set(key, [event]);
    else room.push(event);
  }
  return [...rooms.values()];
}

/**
 * Routes what platforms sent. Each event becomes a message, a change of a message, or is ignored with a reason.
 *
 * What it guarantees:
 * - I1. An event is stored before the platform is answered, and known by the platform's key. A redelivery changes
 *   nothing.
 * - I2. An event is leased for a time. A process that dies with it loses nothing; the next process does the same again,
 *   and accepting knows the event's key.
 * - I3. One process routes at a time, and the events of one room one after the other, in the order of the platform's
 *   clock. Where a long batch outlasts the process's lease, `leaseEvents` keeps the order of a room, for up to half a
 *   minute.
 * - I4. An event that refers to something unknown waits for it, a reply for 30 s and a change for an hour.
 * - I5. An event that fails on our side is tried again, and does not hold up other rooms.
 */
export function startInbox(deps: InboxDeps): Loop {
  const { sql, ring, worker, log } = deps;
  let leaseUntil = 0;

  async function isOurs(): Promise<boolean> {
    const now = performance.now();
    if (now < leaseUntil) return true;
    if (!(await takeLease(sql, 'inbox', worker, leaseSeconds))) return false;
    leaseUntil = now + renewMs;
    return true;
  }

  async function routeOne(leased: LeasedEvent): Promise<void> {
    try {
      if (leased.state !== 'fetching') return await routeEvent(deps, leased);
      // A run fetches the event's content. The event is looked at again in case that run was lost.
      await deps.fetchEvent(leased.id);
      await postpone(sql, leased, refetchSeconds);
    } catch (error) {
      log.warn(
        { err: error, event: leased.id, tries: leased.tries },
        'inbox: an event could not be routed; tried again',
      );
      await postpone(sql, leased, retrySeconds(leased.tries));
    }
  }

  return startLoop(
    async () => {
      if (!(await isOurs())) return renewMs;
      const found = await leaseEvents(sql, ring, batch, eventLeaseSeconds);
      const waiting = byRoom(found);
      const routers = Array.from({ length: roomsAtOnce }, async () => {
        for (let room = waiting.shift(); room !== undefined; room = waiting.shift())
          for (const leased of room) await routeOne(leased);
      });
      await Promise.all(routers);
      return found.length > 0 ? 0 : idleMs;
    },
    (error) => {
      log.warn({ err: error }, 'inbox: PostgreSQL is not usable; looked at again');
      return 1_000;
    },
  );
}

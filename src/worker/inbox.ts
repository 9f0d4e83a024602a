import type { Logger } from 'pino';
import { routeEvent } from '../intake/bridge/route-event.ts';
import type { RouteDeps } from '../intake/bridge/routable-event.ts';
import type { InboxId } from '../domain/ids.ts';
import { leaseEvents, postpone, type LeasedEvent } from '../store/inbound/inbox.ts';
import { takeLease } from '../store/runs/leases.ts';
import { startLoop, type Loop } from './loop.ts';

/** One process routes at a time, so that a room's events keep their order; another takes over after so long. */
const leaseSeconds = 6;
const renewMs = 2_000;
/** What nobody poked about, such as what was set aside. */
const idleMs = 500;
const batch = 100;
/** Rooms whose events are routed at once. */
const roomsAtOnce = 8;
/** A process that dies with an event in hand holds it up for so long. */
const holdSeconds = 15;
/** A run that fetches has ended by then, or is looked for. */
const refetchSeconds = 60;
/** Waits after failures on our side: doubling, so that what keeps failing does not keep us busy. */
const retrySeconds = (tries: number): number => Math.min(2 ** Math.min(tries, 6), 60);

export interface InboxDeps extends RouteDeps {
  readonly worker: string;
  readonly log: Logger;
  /** Starts the run that completes an event. Throws while Temporal is away. */
  readonly fetchEvent: (event: InboxId) => Promise<void>;
}

/** In their order. */
function byRoom(found: readonly LeasedEvent[]): LeasedEvent[][] {
  const rooms = new Map<string, LeasedEvent[]>();
  for (const due of found) {
    const key = `${due.tenant} ${due.connection} ${due.event.room}`;
    const room = rooms.get(key);
    if (room === undefined) rooms.set(key, [due]);
    else room.push(due);
  }
  return [...rooms.values()];
}

/** Routes what platforms sent: each event becomes a message, a change, or nothing. */
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

  async function routeOne(due: LeasedEvent): Promise<void> {
    try {
      if (due.state !== 'fetching') return await routeEvent(deps, due);
      // Its run completes it; looked at again in case that was lost.
      await deps.fetchEvent(due.id);
      await postpone(sql, due, refetchSeconds);
    } catch (error) {
      log.warn({ err: error, event: due.id, tries: due.tries }, 'inbox: an event could not be routed; tried again');
      await postpone(sql, due, retrySeconds(due.tries));
    }
  }

  return startLoop(
    async () => {
      if (!(await isOurs())) return renewMs;
      const found = await leaseEvents(sql, ring, batch, holdSeconds);
      const waiting = byRoom(found);
      const lanes = Array.from({ length: roomsAtOnce }, async () => {
        for (let room = waiting.shift(); room !== undefined; room = waiting.shift())
          for (const due of room) await routeOne(due);
      });
      await Promise.all(lanes);
      return found.length > 0 ? 0 : idleMs;
    },
    (error) => {
      log.warn({ err: error }, 'inbox: PostgreSQL is not usable; looked at again');
      return 1_000;
    },
  );
}

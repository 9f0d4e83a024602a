import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { SendFailure } from '../../domain/failure.ts';
import { connectionWithSecrets } from '../../store/config/connections.ts';
import { findDestination } from '../../store/config/destinations.ts';
import { bridgedRooms, closeGap, findGap, type BridgedRoom, type RoomReport } from '../../store/inbound/gaps.ts';
import { receive } from '../../store/inbound/inbox.ts';
import { tryAgain } from '../failure.ts';
import type { ActivityDeps } from '../deps.ts';

/**
 * History is read from this long before the gap, because a platform's clock may be off, and an event may have been on
 * its way.
 */
const marginMs = 120_000;
/**
 * How long reading one room may take. A platform's rate limits may make it wait. It is below the activity's 5 minutes.
 */
const timeoutMs = 240_000;
const usualRetryMs = 5_000;

/**
 * Makes the activities that read the histories of bridged rooms after a gap. Each may be repeated, because events that
 * were stored before are known by their keys (I1 in `src/worker/inbox.ts`).
 */
export function createCatchUp({ sql, ring, connectors, http, tokens, pokeInbox }: ActivityDeps) {
  /**
   * Reads the history of one room and stores its events. A permanent failure ends up in the report.
   * @throws ApplicationFailure retryable where the history could not be read now; not retryable where the gap is
   * unknown.
   */
  async function catchUpRoom(gapId: number, room: BridgedRoom): Promise<RoomReport> {
    const gap = await findGap(sql, gapId);
    if (gap === undefined) throw ApplicationFailure.nonRetryable(`gap ${gapId} is gone`, 'NoSuchGap');
    const { tenant, connection, destination } = room;
    const [at, to] = [
      await connectionWithSecrets(sql, ring, tenant, connection),
      await findDestination(sql, tenant, destination),
    ];
    const inbound = at === undefined ? undefined : connectors.get(at.connector)?.inbound;

    const lacking = (why: string): RoomReport => ({ ...room, read: 0, fresh: 0, lacks: [why] });
    if (at === undefined || inbound === undefined || to === undefined) return lacking('The room is gone.');
    if (inbound.history === undefined) return lacking('This platform has no history that we may read.');
    const { cancellationSignal: signal, heartbeat } = Context.current();
    const beat = setInterval(heartbeat, 5_000);
    try {
      const since = new Date(gap.fromAt.getTime() - marginMs);
      const context = { http, tokens, now: new Date(), timeoutMs, signal };
      const { events, lacks } = await inbound.history(
        to.address,
        since,
        { id: connection, settings: at.settings },
        context,
      );
      const arrivals = events.map((event) => ({ event }));
      const [fresh = 0] = events.length === 0 ? [0] : await receive(sql, ring, [{ tenant, connection, arrivals }]);
      if (fresh > 0) pokeInbox();
      return { ...room, read: events.length, fresh, lacks: [...lacks] };
    } catch (error) {
      if (!(error instanceof SendFailure)) throw error;
      if (error.kind === 'permanent') return lacking(`It refuses its history: ${error.code}.`);
      throw tryAgain(`the history was not read: ${error.code}`, error.retryAfterMs ?? usualRetryMs);
    } finally {
      clearInterval(beat);
    }
  }
  return {
    listRooms: (gap: number) => bridgedRooms(sql, gap),
    catchUpRoom,
    concludeGap: (gap: number, reports: readonly RoomReport[]) => closeGap(sql, gap, reports),
  };
}

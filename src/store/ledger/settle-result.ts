import type { DeliveryState } from '../../domain/delivery.ts';
import type { ConnectionId, DeliveryId, MessageId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';
import { nextColumns, nextOf, type NextInLane } from '../waiting/lane.ts';

/** What is kept of the platform's receipt. */
export interface StoredReceipt {
  readonly nativeId: string;
  readonly url?: string;
  readonly version: number;
  readonly attempt: string;
  /** Of what is split: from 1. */
  readonly part?: number;
  /** The change took this post away. */
  readonly isGone?: true;
  /** By which what happens to it at the platform is found to be about it; see `links`. */
  readonly link?: { readonly connection: ConnectionId; readonly key: string; readonly thread?: string };
}

export interface Settled {
  readonly state: DeliveryState;
  /** Wait until the next attempt, milliseconds; null unless `retrying`. */
  readonly delayMs: number | null;
  /** Those that may go now, to be woken after the commit. */
  readonly next: readonly NextInLane[];
}

/** As `withNext` selects it. */
export interface SettledRow {
  state: DeliveryState;
  delayMs: number | null;
  nextDelivery: DeliveryId | null;
  nextMessage: MessageId | null;
  workflowId: string | null;
  hasRun: boolean | null;
  isGated: boolean | null;
}

/**
 * The end of each statement: the outcome, and a row for each that may go now, or one row without.
 * @param more columns of `settled s` beside the outcome, each with its comma.
 */
export function withNext(sql: Db, more: ReturnType<Db> = sql``) {
  return sql`
    select ${more} s.state, s.delay_ms as "delayMs", n.id as "nextDelivery", m.id as "nextMessage",
      ${nextColumns(sql)}
    from settled s
    left join (lateral (${nextOf(sql)}) n join messages m on m.id = n.message) on s.state not in ('queued', 'waiting', 'retrying', 'sending')`;
}

export function toSettled(rows: readonly SettledRow[], { state, delayMs }: SettledRow): Settled {
  const next = rows.flatMap(({ nextDelivery: delivery, nextMessage: message, workflowId, hasRun, isGated }) =>
    delivery === null || message === null || workflowId === null
      ? []
      : [{ delivery, message, workflowId, hasRun: hasRun === true, isGated: isGated === true }],
  );
  return { state, delayMs, next };
}

import type { DeliveryState } from '../../domain/delivery.ts';
import type { ConnectionId, DeliveryId, MessageId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';
import { nextColumns, nextOf, type NextInLane } from '../waiting/lane.ts';

/** What the ledger keeps of a platform's receipt. */
export interface StoredReceipt {
  readonly nativeId: string;
  readonly url?: string;
  readonly version: number;
  readonly attempt: string;
  /** Which part of a split message, from 1. */
  readonly part?: number;
  /** The change took this post away. */
  readonly isGone?: true;
  /** The keys by which later events of the platform are matched to this post; see `links`. */
  readonly link?: { readonly connection: ConnectionId; readonly key: string; readonly thread?: string };
}

export interface Settled {
  readonly state: DeliveryState;
  /** Wait until the next attempt, milliseconds; null unless `retrying`. */
  readonly delayMs: number | null;
  /** The deliveries that may go now. The caller wakes them after the commit (L8). */
  readonly next: readonly NextInLane[];
}

/** A row as `withNext` selects it. */
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
 * The end of each statement that settles: the new state, with one row for each delivery that may go now, or one row
 * where there is none. The deliveries that may go are found in the snapshot from before, where the settled one still is
 * `sending`.
 * @param more columns of `settled s` to select too, each with its comma.
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

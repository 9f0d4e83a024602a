import type { Reason } from '../../domain/failure.ts';
import type { GateName } from '../../domain/gate.ts';
import type { AttemptId, DeliveryId } from '../../domain/ids.ts';
import { graceMs } from '../../domain/clocks.ts';
import { json, type Db } from '../db/db.ts';
import { recordHealth } from '../waiting/breaker.ts';
import { cancelledReason, degradedWith, goesOn, isSecond, partReason, receiptPart } from './parts.ts';
import { withNext, type SettledRow, type StoredReceipt } from './settle-result.ts';

/** A delivered attempt as the ledger needs it. It is small and holds no content, because it may travel in a history. */
export interface DeliveredSettlement {
  readonly kind: 'delivered';
  readonly delivery: DeliveryId;
  readonly token: AttemptId;
  readonly receipt: StoredReceipt;
  readonly status?: number;
  /** What was left out or done otherwise than asked. Histories of 0.1 have one reason here instead of a list. */
  readonly degraded?: Reason | readonly Reason[];
  /** The gate whose breaker the success closes. */
  readonly healthy?: GateName;
}

/**
 * Writes the successes of any deliveries whose claims are still their attempts' (L5), in one statement, because a
 * settle costs mostly its statement and its commit.
 * @returns rows by token. A settlement without a row is late (L6).
 */
export function settleDelivered(
  sql: Db,
  settlements: readonly DeliveredSettlement[],
): Promise<(SettledRow & { readonly token: AttemptId })[]> {
  const rows = settlements.map(({ delivery, token, receipt, status, degraded, healthy }) => ({
    delivery,
    token,
    receipt,
    status: status ?? null,
    degraded: degraded === undefined ? null : [degraded].flat(),
    healthy: healthy ?? null,
  }));
  return sql`
    with wanted as materialized (
      select d.id, ${goesOn(sql)} as goes_on, r.* from few(${json(sql, rows)}) as item (settlement)
      cross join lateral jsonb_to_record(item.settlement)
        as r (delivery text, token text, receipt jsonb, status integer, degraded jsonb, healthy text)
      join deliveries d on d.id = r.delivery
      order by d.id for update of d
    ), settled as (
      update deliveries d
      -- After a part that is not the last, the next part is due, unless the delivery was cancelled.
      set state = case when not w.goes_on then 'delivered' when d.cancel_requested_at is null then 'retrying' else 'cancelled' end,
        reason = case when not w.goes_on then null when d.cancel_requested_at is null then ${partReason(sql)}
          else ${cancelledReason(sql)} end,
        claim_token = null, claim_deadline = null,
        next_attempt_at = case when w.goes_on and d.cancel_requested_at is null then clock_timestamp() end,
        due_at = case when w.goes_on and d.cancel_requested_at is null
          then least(clock_timestamp() + make_interval(secs => ${graceMs.failed / 1000}), d.expires_at) end,
        settled_at = case when not w.goes_on or d.cancel_requested_at is not null then clock_timestamp() end,
        doubt_since = null, doubt_until = null, absent_at = null, not_before = null,
        part = d.part + (d.parts is not null)::integer,
        round_start = case when w.goes_on and d.cancel_requested_at is null then d.attempts else d.round_start end,
        max_attempts = d.max_attempts + (w.goes_on and d.cancel_requested_at is null)::integer,
        doubled = d.doubled or ${isSecond(sql, sql`${receiptPart(sql, sql`w.receipt`)}`, sql`(w.receipt ->> 'nativeId')`)},
        degraded = ${degradedWith(sql, sql`w.degraded`)},
        receipts = d.receipts || (w.receipt || jsonb_build_object('at', clock_timestamp()))
      from wanted w
      where d.id = w.id and d.claim_token = w.token and d.state = 'sending' -- L5
      returning d.id, d.state, d.tenant, d.destination, d.lane, d.sequence, d.hold_for, d.hold_until,
        case when d.state = 'retrying' then 1::float8 end as delay_ms, w.token, w.healthy
    ), attempt as (
      update attempts a set ended_at = clock_timestamp(), outcome = 'delivered', status = w.status,
        late = not exists (select from settled s where s.id = w.id)
      from wanted w
      where a.id = w.token and (a.ended_at is null or a.outcome = 'unknown')
    ), health as (${recordHealth(sql, sql`s.healthy`)})
    ${withNext(sql, sql`s.token,`)}`;
}

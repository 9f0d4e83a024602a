import { graceMs } from '../../domain/clocks.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import type { DeliveryReason, Reason } from '../../domain/failure.ts';
import type { AttemptId, DeliveryId } from '../../domain/ids.ts';
import type { Verdict } from '../../domain/step.ts';
import { json, type Db } from '../db/db.ts';
import { goesOn, hasArrived, isSecond, nextUnclaimed, partReason } from './parts.ts';
import { recordHealth, recordGateReports, type GateReport } from '../waiting/breaker.ts';
import { settleDelivered, type DeliveredSettlement } from './settle-delivered.ts';
import { toSettled, withNext, type Settled, type SettledRow } from './settle-result.ts';

/** A failed attempt as the ledger needs it. It is small and holds no content, because it may travel in a history. */
export interface FailedSettlement {
  readonly kind: 'failed';
  readonly delivery: DeliveryId;
  readonly token: AttemptId;
  readonly outcome: 'transient' | 'ambiguous' | 'permanent' | 'unknown';
  readonly verdict: Verdict;
  readonly reason: Reason;
  /** A look-up can still find out whether the attempt arrived, also after a cancel. */
  readonly canLookUp?: boolean;
  readonly retryAfterMs?: number;
  readonly excerpt?: string;
  /** What the failure says about its destination and its connection as a whole. */
  readonly troubles?: readonly GateReport[];
}

export type Settlement = DeliveredSettlement | FailedSettlement;

/**
 * Writes how a claimed attempt ended.
 *
 * What a settle guarantees (`claim.ts` has L1 to L4):
 * - L5. A failure counts only with the token of the claim; a success without it is late (L6). A second settle of the
 *   same attempt changes nothing.
 * - L6. A failure that comes late is only recorded in `attempts`. A success that comes late always counts, because the
 *   platform has the message. Where a second attempt was delivered meanwhile, both receipts are kept and the delivery
 *   says `doubled`.
 * - L7. Outcome, receipt, attempt, gates, events and the message's state change in one statement: the triggers of
 *   `deliveries` append the events and count the message in the same transaction. Only a late success takes two: the
 *   attempt is recorded first, and the delivery by the second one.
 * - L8. It returns the deliveries that may go now, and the caller wakes them after the commit. The sweep repeats a
 *   wake-up that is lost, also where the answer of the settle itself was, because every open delivery has a time
 *   (`due_at`) by which something should have happened to it.
 * - L9. Where PostgreSQL is away after a send, the process repeats the settle for 3.5 s, and then hands it to the run,
 *   which writes it later. So the outcome of an attempt is unknown only where its process died, or could not reach
 *   Temporal either.
 */
export async function settle(sql: Db, settlement: Settlement): Promise<Settled> {
  if (settlement.kind === 'delivered') return settleOne(sql, settlement, await settleDelivered(sql, [settlement]));
  const rows = await settleFailed(sql, settlement);
  const [row] = rows;
  return row === undefined ? settleLate(sql, settlement) : toSettled(rows, row);
}

/** As `settle`, for any number of successes: one statement for all of them that are not late. */
export async function settleAll(sql: Db, settlements: readonly DeliveredSettlement[]): Promise<Settled[]> {
  const rows = await settleDelivered(sql, settlements);
  return Promise.all(settlements.map((settlement) => settleOne(sql, settlement, rows)));
}

async function settleOne(
  sql: Db,
  settlement: DeliveredSettlement,
  rows: Awaited<ReturnType<typeof settleDelivered>>,
): Promise<Settled> {
  const own = rows.filter(({ token }) => token === settlement.token);
  const [row] = own;
  return row === undefined ? settleLate(sql, settlement) : toSettled(own, row);
}

function settleFailed(sql: Db, s: FailedSettlement): Promise<SettledRow[]> {
  const { verdict, reason, troubles = [] } = s;
  const canLookUp = s.canLookUp === true && verdict.state === 'retrying';
  const parkedReason: DeliveryReason = verdict.state === 'parked' ? { ...reason, gaveUp: verdict.why } : reason;
  const delayMs = verdict.state === 'retrying' ? verdict.delayMs : null;
  const retryAfterSeconds = s.retryAfterMs === undefined ? null : s.retryAfterMs / 1000;
  return sql<SettledRow[]>`
    with judged as (
      -- L6: a success that came late for an earlier attempt stands. A cancel stops what would be tried again.
      select id, arrived, arrived and goes_on as moves, case
          when arrived and not goes_on then 'delivered'
          -- The message that it changes is deleted, so its own outcome does not matter any more.
          when is_deleted and action <> 'create' then 'cancelled'
          when arrived and cancel_requested_at is null then 'retrying'
          when arrived then 'cancelled'
          when cancel_requested_at is not null and ${verdict.inDoubt} and not ${canLookUp} then 'uncertain'
          when cancel_requested_at is not null and not ${verdict.inDoubt} then 'cancelled'
          else ${verdict.state} end as state,
        -- The look-up of a cancelled delivery does not wait.
        case when cancel_requested_at is null and not arrived then ${delayMs}::float8 else 1 end as delay_ms
      from (
        select d.*, ${hasArrived(sql)} as arrived, ${goesOn(sql)} as goes_on from deliveries d
        where d.id = ${s.delivery} and d.claim_token = ${s.token} and d.state = 'sending' -- L5
        for update) claimed
    ), settled as (
      update deliveries d
      set state = j.state, reason = case when j.state = 'delivered' then null when j.moves then ${partReason(sql)}
          when j.state = 'parked' then ${json(sql, parkedReason)}::jsonb else ${json(sql, reason)}::jsonb end,
        claim_token = null, claim_deadline = null,
        next_attempt_at = case when j.state = 'retrying' then clock_timestamp() + make_interval(secs => j.delay_ms / 1000) end,
        not_before = clock_timestamp() + make_interval(secs => ${retryAfterSeconds}::float8),
        due_at = case when j.state = 'retrying'
          then least(clock_timestamp() + make_interval(secs => (j.delay_ms + ${graceMs.failed}) / 1000), expires_at) end,
        settled_at = case when j.state <> 'retrying' then clock_timestamp() end,
        doubt_since = case when ${verdict.inDoubt} and not j.moves then coalesce(doubt_since, clock_timestamp()) end,
        doubt_until = case when ${verdict.inDoubt} and not j.moves then greatest(doubt_until, claim_deadline) end,
        absent_at = null,
        part = part + (j.arrived and parts is not null)::integer,
        round_start = case when j.moves and j.state = 'retrying' then attempts else round_start end,
        max_attempts = max_attempts + (j.moves and j.state = 'retrying')::integer,
        -- L4: a delivery of which a part has arrived keeps its version and its split.
        pinned_version = case when ${verdict.inDoubt} or part > 0 or (j.arrived and parts is not null) then pinned_version end,
        parts = case when ${verdict.inDoubt} or part > 0 or j.arrived then parts end
      from judged j where d.id = j.id
      returning d.id, d.state, d.tenant, d.destination, d.lane, d.sequence, d.hold_for, d.hold_until,
        case when d.state = 'retrying' then j.delay_ms end as delay_ms
    ), attempt as (
      update attempts set ended_at = clock_timestamp(), outcome = ${s.outcome}, code = ${reason.code},
        status = ${reason.status ?? null}, message = ${reason.message}, excerpt = ${s.excerpt ?? null},
        retry_after_ms = ${s.retryAfterMs ?? null}, late = not exists (select from settled)
      -- A lapsed claim is recorded once, also where two processes notice it.
      where id = ${s.token} and (ended_at is null or (outcome = 'unknown' and ${s.outcome}::text <> 'unknown'))
    )${troubles.length === 0 ? sql`` : sql`, trouble as (${recordGateReports(sql, troubles, reason)})`}
    ${withNext(sql)}`;
}

/**
 * Settles an attempt whose claim is gone (L6). Where a second attempt is under way, that attempt's settle finds the
 * receipt that is written here.
 */
async function settleLate(sql: Db, settlement: Settlement): Promise<Settled> {
  const isSuccess = settlement.kind === 'delivered';
  const receipt = isSuccess ? settlement.receipt : null;
  const healthy = isSuccess ? settlement.healthy : undefined;
  const part = receipt?.part ?? 1;
  const rows = await sql<SettledRow[]>`
    with heard as materialized (
      select d.id, d.part + 1 = ${part} as is_current,
        d.part + 1 = ${part} and d.state <> 'sending' and not ${goesOn(sql)} as ends,
        d.part + 1 = ${part} and d.state <> 'sending' and ${goesOn(sql)} as moves
      from deliveries d
      where ${isSuccess} and d.id = ${settlement.delivery}
        and not d.receipts @> jsonb_build_array(jsonb_build_object('attempt', ${settlement.token}::text))
      for update
    ), settled as (
      update deliveries d
      set state = case when h.ends then 'delivered' else d.state end,
        reason = case when h.ends then null when h.moves and d.state = 'retrying' then ${partReason(sql)} else d.reason end,
        doubled = d.doubled or ${isSecond(sql, sql`${part}`, sql`${receipt?.nativeId ?? null}::text`)},
        receipts = d.receipts || (${json(sql, receipt)}::jsonb || jsonb_build_object('at', clock_timestamp())),
        part = d.part + ((h.ends or h.moves) and d.parts is not null)::integer,
        ${nextUnclaimed(sql, sql`h.moves`, sql`h.ends`)},
        gate = case when not h.ends then d.gate end, slot_at = case when not h.ends then d.slot_at end,
        doubt_since = case when not (h.ends or h.moves) then d.doubt_since end,
        doubt_until = case when not (h.ends or h.moves) then d.doubt_until end,
        absent_at = case when not h.is_current then d.absent_at end,
        settled_at = case when h.ends and d.state <> 'delivered' then clock_timestamp() else d.settled_at end
      from heard h where d.id = h.id
      returning d.id, d.state, d.tenant, d.destination, d.lane, d.sequence, d.hold_for, d.hold_until,
        case when d.state = 'retrying' and h.moves then 1::float8 end as delay_ms
    )${healthy === undefined ? sql`` : sql`, health as (${recordHealth(sql, sql`${healthy}`)})`}
    ${withNext(sql)}`;
  const [row] = rows;
  if (row !== undefined) return toSettled(rows, row);
  const [now] = await sql<{ state: DeliveryState; delayMs: number | null }[]>`
    select state, (extract(epoch from next_attempt_at - clock_timestamp()) * 1000)::float8 as "delayMs"
    from deliveries where id = ${settlement.delivery}`;
  if (now === undefined) throw new Error(`delivery ${settlement.delivery} is gone`);
  return { state: now.state, delayMs: now.state === 'retrying' ? now.delayMs : null, next: [] };
}

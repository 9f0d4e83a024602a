import type { DeliveryState } from '../domain/delivery.ts';
import type { Reason } from '../domain/failure.ts';
import type { AttemptId, DeliveryId } from '../domain/ids.ts';
import type { Verdict } from '../domain/step.ts';
import { claimMarginMs } from './claim.ts';
import { json, type Db } from './db.ts';
import type { NextInLane } from './lane.ts';

/** The sweep looks after an attempt that is so long overdue: the run that should make it may be gone. */
const retryGraceMs = 5_000;

/** What is kept of the platform's receipt. */
export interface StoredReceipt {
  readonly nativeId: string;
  readonly url?: string;
  readonly version: number;
  readonly attempt: string;
}

/** A success or failure of one attempt, as the ledger wants it. Small and without content: it may travel in history. */
export type Settlement =
  | {
      readonly kind: 'delivered';
      readonly delivery: DeliveryId;
      readonly token: AttemptId;
      readonly receipt: StoredReceipt;
      readonly status?: number;
    }
  | {
      readonly kind: 'failed';
      readonly delivery: DeliveryId;
      readonly token: AttemptId;
      readonly outcome: 'transient' | 'ambiguous' | 'permanent' | 'unknown';
      readonly verdict: Verdict;
      readonly reason: Reason;
      readonly retryAfterMs?: number;
      readonly excerpt?: string;
    };

export interface Settled {
  readonly state: DeliveryState;
  /** Wait until the next attempt, milliseconds; null unless `retrying`. */
  readonly delayMs: number | null;
  readonly next: NextInLane | undefined;
}

interface SettledRow {
  state: DeliveryState;
  delayMs: number | null;
  nextDelivery: DeliveryId | null;
  nextWorkflowId: string | null;
  nextHasRun: boolean | null;
}

/**
 * Writes what became of a claim, if the claim is still this attempt's. Idempotent: a second call finds the token gone
 * and changes nothing but, for a late success, what `settleLate` says.
 *
 * One statement. The triggers of `deliveries` count the message and append the events in the same transaction. The next
 * of the lane is looked up in the snapshot of before, where this delivery still is `sending`, hence `o.id <> d.id`.
 */
export async function settle(sql: Db, settlement: Settlement): Promise<Settled> {
  const [row] =
    settlement.kind === 'delivered' ? await settleDelivered(sql, settlement) : await settleFailed(sql, settlement);
  if (row !== undefined) return toSettled(row);
  return settleLate(sql, settlement);
}

function settleDelivered(sql: Db, s: Settlement & { kind: 'delivered' }): Promise<SettledRow[]> {
  return sql<SettledRow[]>`
    with settled as (
      update deliveries
      set state = 'delivered', reason = null, claim_token = null, claim_deadline = null, due_at = null,
        settled_at = clock_timestamp(), doubt_since = null, doubt_until = null, absent_at = null, not_before = null,
        doubled = jsonb_array_length(receipts) > 0,
        receipts = receipts || (${json(sql, s.receipt)}::jsonb || jsonb_build_object('at', clock_timestamp()))
      where id = ${s.delivery} and claim_token = ${s.token} and state = 'sending'
      returning id, state, tenant, destination, lane, null::float8 as delay_ms
    ), attempt as (
      update attempts set ended_at = clock_timestamp(), outcome = 'delivered', status = ${s.status ?? null},
        late = not exists (select from settled)
      where id = ${s.token} and (ended_at is null or outcome = 'unknown')
    )
    ${nextInLane(sql)}`;
}

function settleFailed(sql: Db, s: Settlement & { kind: 'failed' }): Promise<SettledRow[]> {
  const { verdict, reason } = s;
  const delayMs = verdict.state === 'retrying' ? verdict.delayMs : null;
  const retryAfterSeconds = s.retryAfterMs === undefined ? null : s.retryAfterMs / 1000;
  return sql<SettledRow[]>`
    with judged as (
      -- A success that came late for an earlier attempt stands; a wish to cancel stops what would be tried again.
      select id, case
          when jsonb_array_length(receipts) > 0 then 'delivered'
          when cancel_requested_at is not null and ${verdict.inDoubt} then 'uncertain'
          when cancel_requested_at is not null then 'cancelled'
          else ${verdict.state} end as state
      from deliveries where id = ${s.delivery} and claim_token = ${s.token} and state = 'sending'
      for update
    ), settled as (
      update deliveries d
      set state = j.state, reason = case when j.state = 'delivered' then null else ${json(sql, reason)}::jsonb end,
        claim_token = null, claim_deadline = null,
        next_attempt_at = case when j.state = 'retrying' then clock_timestamp() + make_interval(secs => ${(delayMs ?? 0) / 1000}) end,
        not_before = clock_timestamp() + make_interval(secs => ${retryAfterSeconds}::float8),
        due_at = case when j.state = 'retrying'
          then clock_timestamp() + make_interval(secs => ${((delayMs ?? 0) + retryGraceMs) / 1000}) end,
        settled_at = case when j.state <> 'retrying' then clock_timestamp() end,
        doubt_since = case when ${verdict.inDoubt} then coalesce(doubt_since, clock_timestamp()) end,
        doubt_until = case when ${verdict.inDoubt} then greatest(doubt_until, claim_deadline) end,
        absent_at = null,
        pinned_version = case when ${verdict.inDoubt} then pinned_version end
      from judged j where d.id = j.id
      returning d.id, d.state, d.tenant, d.destination, d.lane,
        case when d.state = 'retrying' then ${delayMs}::float8 end as delay_ms
    ), attempt as (
      update attempts set ended_at = clock_timestamp(), outcome = ${s.outcome}, code = ${reason.code},
        status = ${reason.status ?? null}, message = ${reason.message}, excerpt = ${s.excerpt ?? null},
        retry_after_ms = ${s.retryAfterMs ?? null}, late = not exists (select from settled)
      where id = ${s.token} and (ended_at is null or outcome = 'unknown')
    )
    ${nextInLane(sql)}`;
}

/** The end of both statements: the outcome, and who is next where the lane is free now. Uses `deliveries_lane`. */
function nextInLane(sql: Db) {
  return sql`
    select s.state, s.delay_ms as "delayMs", n.id as "nextDelivery", n.workflow_id as "nextWorkflowId", n.has_run as "nextHasRun"
    from settled s
    left join lateral (
      select o.id, m.workflow_id, m.dispatched_at is not null as has_run
      from deliveries o join messages m on m.id = o.message
      where s.lane is not null and s.state <> 'retrying' and o.id <> s.id
        and o.tenant = s.tenant and o.destination = s.destination and o.lane = s.lane
        and o.state in ('queued', 'waiting', 'sending', 'retrying')
      order by o.sequence limit 1) n on true`;
}

function toSettled(row: SettledRow): Settled {
  const { state, delayMs, nextDelivery, nextWorkflowId, nextHasRun } = row;
  const next =
    nextDelivery === null || nextWorkflowId === null
      ? undefined
      : { delivery: nextDelivery, workflowId: nextWorkflowId, hasRun: nextHasRun === true };
  return { state, delayMs, next };
}

/**
 * The claim is not this attempt's any more. A failure is only logged (the attempt's row has it). A success always
 * counts: whoever sends now, or has sent, the platform has it. Where a second one was delivered meanwhile both receipts
 * are kept and it says `doubled`; where a second one is under way, that one's settle finds this receipt.
 */
async function settleLate(sql: Db, settlement: Settlement): Promise<Settled> {
  const late = settlement.kind === 'delivered';
  const receipt = late ? settlement.receipt : null;
  const [row] = await sql<{ state: DeliveryState; delayMs: number | null }[]>`
    with late as (
      update deliveries d
      set state = case when state = 'sending' then state else 'delivered' end,
        reason = case when state = 'sending' then reason end,
        doubled = doubled or state = 'delivered',
        receipts = receipts || (${json(sql, receipt)}::jsonb || jsonb_build_object('at', clock_timestamp())),
        next_attempt_at = null, due_at = case when state = 'sending' then due_at end,
        settled_at = coalesce(settled_at, clock_timestamp())
      where ${late} and id = ${settlement.delivery}
        and not receipts @> jsonb_build_array(jsonb_build_object('attempt', ${settlement.token}::text))
      returning state
    )
    select coalesce((select state from late), state) as state,
      (extract(epoch from next_attempt_at - clock_timestamp()) * 1000)::float8 as "delayMs"
    from deliveries where id = ${settlement.delivery}`;
  if (row === undefined) throw new Error(`delivery ${settlement.delivery} is gone`);
  return { state: row.state, delayMs: row.state === 'retrying' ? row.delayMs : null, next: undefined };
}

export interface RestRequest {
  readonly delivery: DeliveryId;
  readonly state: 'parked' | 'uncertain';
  readonly reason: Reason;
}

/** Ends a delivery that is not being sent: exhausted, permanent before any claim, or not to be sent again. */
export async function rest(sql: Db, request: RestRequest): Promise<Settled> {
  const [row] = await sql<SettledRow[]>`
    with settled as (
      update deliveries
      set state = ${request.state}, reason = ${json(sql, request.reason)}, due_at = null, next_attempt_at = null,
        settled_at = clock_timestamp()
      where id = ${request.delivery} and state in ('queued', 'waiting', 'retrying')
      returning id, state, tenant, destination, lane, null::float8 as delay_ms
    )
    ${nextInLane(sql)}`;
  if (row !== undefined) return toSettled(row);
  const [now] = await sql<{ state: DeliveryState }[]>`select state from deliveries where id = ${request.delivery}`;
  if (now === undefined) throw new Error(`delivery ${request.delivery} is gone`);
  return { state: now.state, delayMs: null, next: undefined };
}

/** Gives a claim back because nothing was written to the platform: the attempt is not spent. */
export async function release(sql: Db, delivery: DeliveryId, token: AttemptId): Promise<void> {
  await sql`
    with released as (
      update deliveries
      set state = 'queued', claim_token = null, claim_deadline = null, attempts = attempts - 1,
        pinned_version = case when doubt_since is not null then pinned_version end,
        due_at = clock_timestamp() + make_interval(secs => ${claimMarginMs / 1000})
      where id = ${delivery} and claim_token = ${token} and state = 'sending'
      returning id
    )
    update attempts set ended_at = clock_timestamp(), outcome = 'stopped', code = 'shutdown',
      message = 'The worker stopped before anything was written.'
    where id = ${token} and exists (select from released)`;
}

/** A look-up found nothing: the first one is remembered, the final one clears the doubt, so that it is sent again. */
export async function recordAbsence(sql: Db, delivery: DeliveryId, final: boolean): Promise<void> {
  await sql`
    update deliveries
    set absent_at = case when ${final} then null else clock_timestamp() end,
      doubt_since = case when ${final} then null else doubt_since end,
      doubt_until = case when ${final} then null else doubt_until end,
      pinned_version = case when ${final} then null else pinned_version end
    where id = ${delivery} and state in ('queued', 'waiting', 'retrying') and doubt_since is not null`;
}

/** A look-up found it: delivered by an earlier attempt whose answer was lost. */
export async function recordFound(sql: Db, delivery: DeliveryId, receipt: StoredReceipt): Promise<Settled> {
  const [row] = await sql<SettledRow[]>`
    with settled as (
      update deliveries
      set state = 'delivered', reason = null, due_at = null, next_attempt_at = null, settled_at = clock_timestamp(),
        doubt_since = null, doubt_until = null, absent_at = null,
        receipts = receipts || (${json(sql, receipt)}::jsonb || jsonb_build_object('at', clock_timestamp()))
      where id = ${delivery} and state in ('queued', 'waiting', 'retrying')
      returning id, state, tenant, destination, lane, null::float8 as delay_ms
    )
    ${nextInLane(sql)}`;
  return row === undefined ? { state: 'delivered', delayMs: null, next: undefined } : toSettled(row);
}

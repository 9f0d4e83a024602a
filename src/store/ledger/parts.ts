import { graceMs } from '../../domain/clocks.ts';
import type { Db } from '../db/db.ts';

/**
 * One post of a split delivery. It is a range of code units of the visible text, where the last range ends with an
 * ellipsis if text had to be cut (`isCut`); or the removal of one of the original's posts, by its index from 0; or a
 * file, by its index among the attachments and by its hash (`fileHash`), from which an edit recognises it.
 */
export type PostPart =
  | { readonly from: number; readonly to: number; readonly isCut?: true }
  | { readonly remove: number }
  | { readonly file: number; readonly hash: string };

/** Whether a delivery `d` has another part after the one that is sent next. */
export const goesOn = (sql: Db) => sql`(d.parts is not null and d.part + 1 < jsonb_array_length(d.parts))`;

/** The reason of a delivery `d` of which the part that is sent next has arrived, with others to follow. */
export const partReason = (sql: Db) => sql`jsonb_build_object('code', 'part_delivered',
  'message', (d.part + 1) || ' of ' || jsonb_array_length(d.parts) || ' parts arrived.')`;

/** The part of a receipt, from 1. The receipt of an unsplit delivery names none. */
export const receiptPart = (sql: Db, receipt: ReturnType<Db>) => sql`coalesce((${receipt} ->> 'part')::integer, 1)`;

/** Whether a late success (L6) of the part that a delivery `d` sends next is recorded. */
export const hasArrived = (sql: Db) => sql`exists (
  select from jsonb_array_elements(d.receipts) r where ${receiptPart(sql, sql`r.value`)} = d.part + 1)`;

/**
 * Whether a delivery `d` has a receipt of this part already. A look-up that found the same `nativeId` does not count.
 */
export const isSecond = (sql: Db, part: ReturnType<Db>, nativeId: ReturnType<Db>) => sql`exists (
  select from jsonb_array_elements(d.receipts) r
  where ${receiptPart(sql, sql`r.value`)} = ${part}
    and not (r.value ->> 'attempt' = 'look-up' and r.value ->> 'nativeId' = ${nativeId}))`;

/**
 * The times and counts of a delivery `d` without a claim after a late success of a part, for the `set` of an update. A
 * delivery at rest stays at rest, and a retry goes on with the next part.
 * @param moves other parts follow. @param ends it was the last part.
 */
export const nextUnclaimed = (sql: Db, moves: ReturnType<Db>, ends: ReturnType<Db>) => sql`
  next_attempt_at = case when ${ends} then null when ${moves} and d.state = 'retrying' then clock_timestamp()
    else d.next_attempt_at end,
  due_at = case when ${ends} then null when ${moves} and d.state = 'retrying'
    then least(clock_timestamp() + make_interval(secs => ${graceMs.failed / 1000}), d.expires_at) else d.due_at end,
  round_start = case when ${moves} and d.state in ('queued', 'waiting', 'retrying') then d.attempts else d.round_start end,
  max_attempts = d.max_attempts + (${moves} and d.state in ('queued', 'waiting', 'retrying'))::integer`;

/** The `degraded` reasons of a delivery `d`, together with those of one more part. */
export const degradedWith = (sql: Db, more: ReturnType<Db>) => sql`case
  when d.parts is null or d.degraded is null then ${more}
  when ${more} is null or d.degraded @> ${more} then d.degraded
  else (select jsonb_agg(distinct one) from jsonb_array_elements(d.degraded || ${more}) as one) end`;

export const cancelledReason = (sql: Db) => sql`'{"code": "cancelled", "message": "Cancelled by request."}'::jsonb`;

import { graceMs } from '../../domain/clocks.ts';
import type { Db } from '../db/db.ts';

/**
 * What one post of a split delivery is: a piece of the text that is shown, in code units of all of it, the last with an
 * ellipsis where there was more (`isCut`); or, of a change, taking away one of the posts of what it changes, from 0;
 * or one of its files, by its place among them and its hash (`fileHash`), by which an edit knows it again.
 */
export type PostPart =
  | { readonly from: number; readonly to: number; readonly isCut?: true }
  | { readonly remove: number }
  | { readonly file: number; readonly hash: string };

/** Of a delivery `d`: when the part that is sent next has arrived there is another one. */
export const goesOn = (sql: Db) => sql`(d.parts is not null and d.part + 1 < jsonb_array_length(d.parts))`;

/** Of a delivery `d`: the same as text for its reason. */
export const partReason = (sql: Db) => sql`jsonb_build_object('code', 'part_delivered',
  'message', (d.part + 1) || ' of ' || jsonb_array_length(d.parts) || ' parts arrived.')`;

/** Of a receipt: its part, from 1. Those of what is not split name none. */
export const receiptPart = (sql: Db, receipt: ReturnType<Db>) => sql`coalesce((${receipt} ->> 'part')::integer, 1)`;

/** Of a delivery `d`: a success of the part that is sent next was heard of late. */
export const hasArrived = (sql: Db) => sql`exists (
  select from jsonb_array_elements(d.receipts) r where ${receiptPart(sql, sql`r.value`)} = d.part + 1)`;

/** Of a delivery `d`: the platform has this part already; what a look-up found as `nativeId` may be the same one. */
export const isSecond = (sql: Db, part: ReturnType<Db>, nativeId: ReturnType<Db>) => sql`exists (
  select from jsonb_array_elements(d.receipts) r
  where ${receiptPart(sql, sql`r.value`)} = ${part}
    and not (r.value ->> 'attempt' = 'look-up' and r.value ->> 'nativeId' = ${nativeId}))`;

/**
 * Of a delivery `d` that nobody sends, for the `set` of an update: what becomes of its times and its count when a part was
 * heard of late (`ends`: the last). What is at rest stays so: a retry goes on with the next part.
 */
export const nextUnclaimed = (sql: Db, moves: ReturnType<Db>, ends: ReturnType<Db>) => sql`
  next_attempt_at = case when ${ends} then null when ${moves} and d.state = 'retrying' then clock_timestamp()
    else d.next_attempt_at end,
  due_at = case when ${ends} then null when ${moves} and d.state = 'retrying'
    then least(clock_timestamp() + make_interval(secs => ${graceMs.failed / 1000}), d.expires_at) else d.due_at end,
  round_start = case when ${moves} and d.state in ('queued', 'waiting', 'retrying') then d.attempts else d.round_start end,
  max_attempts = d.max_attempts + (${moves} and d.state in ('queued', 'waiting', 'retrying'))::integer`;

/** Of a delivery `d`: with what was said of one more part. */
export const degradedWith = (sql: Db, more: ReturnType<Db>) => sql`case
  when d.parts is null or d.degraded is null then ${more}
  when ${more} is null or d.degraded @> ${more} then d.degraded
  else (select jsonb_agg(distinct one) from jsonb_array_elements(d.degraded || ${more}) as one) end`;

export const cancelledReason = (sql: Db) => sql`'{"code": "cancelled", "message": "Cancelled by request."}'::jsonb`;

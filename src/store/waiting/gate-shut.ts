import type { Db } from '../db/db.ts';
import { isBehind } from './lane.ts';
import { usualClocks } from '../../domain/clocks.ts';
import { sendsAtOnce } from '../../domain/gate.ts';

/**
 * How many deliveries to the destination of `d` were started and have claimed nothing yet. Uses `messages_unclaimed`.
 */
const startedFor = (sql: Db) => sql`(
  select count(*)::integer from messages s join deliveries q on q.message = s.id
  where s.state = 'accepted' and s.dispatched_at > clock_timestamp() - interval '1 minute'
    and q.state = 'queued' and q.tenant = d.tenant and q.destination = d.destination)`;

/**
 * Whether the destination of a delivery `d` is full: it has as many sends as it gets at once, or it is slow and as many
 * are on their way. Further deliveries would only be started to find that out. Uses `deliveries_busy`.
 */
const isFull = (sql: Db) => sql`case
  when ${placesLeft(sql, sql`d.tenant`, sql`d.destination`)} <= 0 then true
  when ${isSlow(sql, sql`d.tenant`, sql`d.destination`)}
  then ${placesLeft(sql, sql`d.tenant`, sql`d.destination`)} <= ${startedFor(sql)}
  else false end`;

/** The name of the first gate that is shut for a delivery `d`; null where it may pass. */
export const shutGateOf = (sql: Db) => sql`coalesce((
  select g.scope from gates g left join destinations t on t.tenant = d.tenant and t.id = d.destination
  where g.tenant = d.tenant and g.scope in ('destination:' || d.destination, 'connection:' || t.connection)
    and (g.paused_at is not null or g.breaker <> 'closed' or g.held_until > clock_timestamp() or g.has_waiters)
  order by g.paused_at is null, g.scope desc limit 1), case when ${isFull(sql)} then 'destination:' || d.destination end)`;

/** Whether one of the deliveries of a message `m` could go now. */
export const couldGo = (sql: Db) => sql`
  exists (
    select from deliveries d
    where d.message = m.id
      and (d.state in ('sending', 'retrying') or (d.state in ('queued', 'waiting') and d.gate is null
        and not ${isBehind(sql)} and (d.slot_at is not null or ${shutGateOf(sql)} is null))))`;

/**
 * Of the deliveries `shut (id, tenant, scope)`, those with a shut gate and why it is shut. Comes before `queueUp` in a
 * `with`.
 */
export const namedGate = (sql: Db) => sql`
  gated as materialized (
    select s.*, case
      when g.paused_at is not null then 'paused' when g.breaker <> 'closed' then 'breaker'
      when g.held_until > clock_timestamp() then 'retry_after' when ${isFull(sql)} then 'busy' else 'rate' end as code
    from shut s join deliveries d on d.id = s.id left join gates g on g.tenant = s.tenant and g.scope = s.scope
    where s.scope is not null
  )`;

/**
 * A delivery that was called and has not been claimed within this time was lost on the way. It takes no place any more.
 */
const calledSeconds = 30;

/**
 * A destination is slow where a send has been under way for this long. At a fast one, places come free all the time.
 */
const slowSeconds = 0.5;

/**
 * How many more deliveries may be sent to a destination now. Those that are being sent count, and those that were
 * called at its gate and are on their way. Uses `deliveries_busy`.
 */
export const placesLeft = (sql: Db, tenant: ReturnType<Db>, destination: ReturnType<Db>) => sql`
  (${sendsAtOnce} - (select count(*)::integer from (
    select from deliveries busy
    where busy.tenant = ${tenant} and busy.destination = ${destination}
      and (busy.state = 'sending' or (busy.slot_at is not null
        and busy.slot_at between clock_timestamp() - make_interval(secs => ${calledSeconds}) and clock_timestamp()))
    limit ${sendsAtOnce}) taken))`;

/** Whether a destination is slow: some send to it has been under way for half a second. Uses `deliveries_busy`. */
export const isSlow = (sql: Db, tenant: ReturnType<Db>, destination: ReturnType<Db>) => sql`
  exists (
    select from deliveries slow
    where slow.tenant = ${tenant} and slow.destination = ${destination} and slow.state = 'sending'
      and slow.claim_deadline < clock_timestamp()
        + make_interval(secs => slow.timeout_ms / 1000.0 + ${usualClocks.claimMarginMs / 1000 - slowSeconds}))`;

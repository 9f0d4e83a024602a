import { isSlow, placesLeft } from './busy.ts';
import type { Db } from '../db/db.ts';
import { isBehind } from './lane.ts';

/** Deliveries to the destination of `d` that were started and have claimed nothing yet. Uses `messages_unclaimed`. */
const startedFor = (sql: Db) => sql`(
  select count(*)::integer from messages s join deliveries q on q.message = s.id
  where s.state = 'accepted' and s.dispatched_at > clock_timestamp() - interval '1 minute'
    and q.state = 'queued' and q.tenant = d.tenant and q.destination = d.destination)`;

/**
 * Of a delivery `d`: its destination gets as many at once as it may, or it is slow and has as many on their way. Then more
 * would only be started to find that out. Uses `deliveries_busy`.
 */
const isFull = (sql: Db) => sql`case
  when ${placesLeft(sql, sql`d.tenant`, sql`d.destination`)} <= 0 then true
  when ${isSlow(sql, sql`d.tenant`, sql`d.destination`)}
  then ${placesLeft(sql, sql`d.tenant`, sql`d.destination`)} <= ${startedFor(sql)}
  else false end`;

/** Of a delivery `d`: the scope of the first gate that is shut to it; null when it may pass. */
export const shutGateOf = (sql: Db) => sql`coalesce((
  select g.scope from gates g left join destinations t on t.tenant = d.tenant and t.id = d.destination
  where g.tenant = d.tenant and g.scope in ('destination:' || d.destination, 'connection:' || t.connection)
    and (g.paused_at is not null or g.breaker <> 'closed' or g.held_until > clock_timestamp() or g.has_waiters)
  order by g.paused_at is null, g.scope desc limit 1), case when ${isFull(sql)} then 'destination:' || d.destination end)`;

/** Of a message `m`: one of its deliveries could go now. */
export const couldGo = (sql: Db) => sql`
  exists (
    select from deliveries d
    where d.message = m.id
      and (d.state in ('sending', 'retrying') or (d.state in ('queued', 'waiting') and d.gate is null
        and not ${isBehind(sql)} and (d.slot_at is not null or ${shutGateOf(sql)} is null))))`;

/** Of deliveries `shut (id, tenant, scope)` those that have a scope, and why it is shut; for the `with` of a statement, before `queueUp`. */
export const namedGate = (sql: Db) => sql`
  gated as materialized (
    select s.*, case
      when g.paused_at is not null then 'paused' when g.breaker <> 'closed' then 'breaker'
      when g.held_until > clock_timestamp() then 'retry_after' when ${isFull(sql)} then 'busy' else 'rate' end as code
    from shut s join deliveries d on d.id = s.id left join gates g on g.tenant = s.tenant and g.scope = s.scope
    where s.scope is not null
  )`;

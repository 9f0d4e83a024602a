import { placesLeft } from '../waiting/gate-shut.ts';
import { json, type Db } from '../db/db.ts';
import { envelopeColumns } from '../db/envelope.ts';
import { isBehind } from '../waiting/lane.ts';
import { receiptPart } from './parts.ts';

/**
 * Whether an operator started the retry cycle of a delivery `d`, and no attempt of that cycle may have arrived. Then
 * the operator knew which earlier attempts may have arrived. Uses `attempts_delivery` once the cycle has begun.
 */
const isGranted = (sql: Db) => sql`
  (d.next_trigger = 'manual' or (d.attempts > d.round_start and (
    select bool_or(a.trigger = 'manual') and not coalesce(bool_or(a.outcome in ('ambiguous', 'unknown')), false)
    from attempts a
    where a.delivery = d.id and a.number > d.round_start and a.outcome is distinct from 'stopped') is true))`;

/**
 * The native ids of the posts of an original `p`, in their order, with the newest id of each part. Posts that an edit
 * took away are left out. A delivery `d` that is that edit still counts them, so that its own parts keep their numbers.
 */
const postsOf = (sql: Db) => sql`(
  select coalesce(jsonb_agg(post.native order by post.part), '[]')
  from (
    select distinct on (1) ${receiptPart(sql, sql`r.value`)} as part, r.value ->> 'nativeId' as native
    from jsonb_array_elements(p.receipts) with ordinality r (value, place) order by 1, r.place desc) post
  where not exists (
    select from deliveries e
    where e.depends_on = p.id and e.action = 'edit' and e.id <> d.id
      and e.receipts @> jsonb_build_array(jsonb_build_object('nativeId', post.native, 'isGone', true))))`;

/**
 * Reads everything that an attempt of a delivery `d` needs to know, as of one moment; see `LedgerEntry`.
 *
 * The ids come as JSON and not as an array, because the planner relies on an array's length and would plan the
 * statement again each time, for about 1 ms. Each `offset 0` is a fence: on tables without statistics the planner would
 * read them whole (100 ms for one delivery, measured).
 * @param column the column of `d` that the ids are compared with.
 */
export const ledgerQuery = (sql: Db, column: 'id' | 'message', ids: readonly string[]) => sql`
  select ${envelopeColumns(sql)}, d.id as delivery, d.destination, m.workflow_id as "workflowId", d.state, d.attempts,
    d.max_attempts as "maxAttempts", d.round_start as "cycleStart", d.claim_token as "claimToken",
    (extract(epoch from d.claim_deadline - now.at) * 1000)::float8 as "claimMs",
    (extract(epoch from greatest(d.next_attempt_at, d.not_before) - now.at) * 1000)::float8 as "notBeforeMs",
    (extract(epoch from d.deadline_at - coalesce(d.clock_stopped_at, now.at)) * 1000)::float8 as "deadlineMs",
    (extract(epoch from d.expires_at - now.at) * 1000)::float8 as "expiresMs",
    (extract(epoch from d.slot_at - now.at) * 1000)::float8 as "slotMs", d.slot_scope as "slotGate",
    (extract(epoch from now.at - d.doubt_since) * 1000)::float8 as "inDoubtMs",
    (extract(epoch from d.doubt_until - now.at) * 1000)::float8 as "doubtMs",
    (extract(epoch from now.at - d.absent_at) * 1000)::float8 as "absentMs",
    ${isBehind(sql)} as "isBehind", ${isGranted(sql)} as "isManual", shut.gates,
    d.first_attempt_at as "firstAttemptAt", d.policy, d.timeout_ms as "timeoutMs",
    d.cancel_requested_at is not null as "cancelRequested", d.action, d.reason->>'code' as "reasonCode", original.original,
    d.parts, d.part, d.pinned_version is not null as "isPinned",
    b.message as "contentOf", b.version, b.sealed, now.at as "readAt",
    t.connector, t.ambiguous, t.address, t.connection, t.settings, t.secrets,
    t.rate as "destinationRate", t.connection_rate as "connectionRate"
  from few(${json(sql, ids)}) as wanted (id)
  cross join lateral (select * from deliveries where ${sql(column)} = wanted.id #>> '{}' offset 0) d
  cross join lateral (select clock_timestamp() as at) now
  cross join lateral (select * from messages where id = d.message offset 0) m
  -- An edit sends the content of its original. A delete has none.
  join lateral (
    select message, version, sealed from contents
    where message = case when d.action = 'edit' then m.refers_to else m.id end
      and (d.pinned_version is null or version = d.pinned_version)
    order by version desc limit 1) b on true
  left join lateral (
    select t.ambiguous, t.address, t.connection, t.rate, c.connector, c.settings, c.secrets, c.rate as connection_rate
    from destinations t left join connections c on c.tenant = t.tenant and c.id = t.connection
    where t.tenant = d.tenant and t.id = d.destination and t.deleted_at is null offset 0) t on true
  left join lateral (
    select jsonb_build_object('state', p.state, 'inDoubt', p.doubt_since is not null or p.state = 'uncertain',
      'posts', ${postsOf(sql)},
      'files', (
        select coalesce(jsonb_agg(e.part -> 'hash' order by e.place), '[]')
        from jsonb_array_elements(p.parts) with ordinality e (part, place)
        where e.place <= p.part and e.part ? 'file'),
      'shownVersion', (
        select max((r.value->>'version')::integer)
        from deliveries e cross join lateral jsonb_array_elements(e.receipts) r
        where e.id = p.id or (e.depends_on = p.id and e.action = 'edit' and e.state = 'delivered'))) as original
    from deliveries p where p.id = d.depends_on
    union all
    -- The message came from this destination, so it was never delivered there.
    select jsonb_build_object('state', 'delivered', 'inDoubt', false, 'posts', jsonb_build_array(l.native), 'shownVersion', null)
    from links l
    where d.depends_on is null and l.message = coalesce(m.refers_to, m.thread) and l.destination = d.destination and l.is_origin
    offset 0) original on true
  left join lateral (
    select jsonb_agg(gate order by gate->>'name' desc) as gates from (
      select jsonb_build_object('name', g.scope, 'isPaused', g.paused_at is not null, 'breaker', g.breaker,
        'isProbe', g.probe is not distinct from d.id,
        'retryAfterMs', (extract(epoch from g.held_until - now.at) * 1000)::float8) as gate
      from gates g
      where g.tenant = d.tenant and g.scope in ('destination:' || d.destination, 'connection:' || t.connection)
        and (g.paused_at is not null or g.breaker <> 'closed' or g.held_until > now.at)
      union all
      select jsonb_build_object('name', 'destination:' || d.destination, 'isPaused', false, 'breaker', 'closed',
        'isProbe', false, 'retryAfterMs', null, 'isFull', true)
      where d.slot_at is null and d.state <> 'sending' and ${placesLeft(sql, sql`d.tenant`, sql`d.destination`)} <= 0) all_gates) shut on true
  order by d.id`;

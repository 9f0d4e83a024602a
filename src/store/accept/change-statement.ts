import { bestEffortMs } from '../../domain/delivery-class.ts';
import { graceMs, usualClocks } from '../../domain/clocks.ts';
import type { DeliveryId, MessageId } from '../../domain/ids.ts';
import { isNotFinal, sha256 } from './accept.ts';
import type { Asked, Unplanned } from './acceptance.ts';
import type { Db } from '../db/db.ts';
import { envelopeInsert, inherited } from '../db/envelope.ts';

/** A request for an edit, a delete or a reaction. */
export interface Change extends Asked {
  readonly original: MessageId;
}

/** `claimed` has a row where the key is new, or where an expired key is used again; see `accept` (A1). */
export const claimed = (sql: Db, { tenant, dedupeScope, dedupeKey, canonicalBody, id, original }: Change) => sql`
  source as (
    select * from messages where tenant = ${tenant} and id = ${original} and deleted_at is null
  ), claimed as (
    insert into dedupe (tenant, scope, hash, body_hash, message, expires_at)
    select ${tenant}, ${dedupeScope}, ${sha256(`${dedupeScope}\0${dedupeKey}`)}, ${sha256(canonicalBody)}, ${id},
      clock_timestamp() + make_interval(secs => ${usualClocks.dedupeMs / 1000})
    from source
    on conflict (tenant, scope, hash) do update
    set body_hash = excluded.body_hash, message = excluded.message, expires_at = excluded.expires_at,
      generation = dedupe.generation + 1
    where dedupe.expires_at < clock_timestamp() and not ${isNotFinal(sql, 'dedupe.message')}
    returning hash
  )`;

export const conversation = (sql: Db, { tenant }: Change) => sql`
  conversation as (
    update conversations c set sequence = c.sequence + 1 from source s
    where c.tenant = ${tenant} and c.id = s.conversation and exists (select from claimed)
    returning c.sequence
  )`;

/** What a change does not inherit from its original. */
type OwnFields = Pick<
  Unplanned,
  'id' | 'tenant' | 'dedupeKey' | 'type' | 'schemaVersion' | 'refersTo' | 'replayOf' | 'sendAt'
>;

/**
 * The change as a message. It inherits every field of the envelope that is not named here from its original, the row
 * `r` of `raised`. The same statement that locks the original copies the fields, so that they are of one moment.
 */
export function changeMessage(sql: Db, change: OwnFields, version: number) {
  const { id, tenant, dedupeKey, type, schemaVersion, refersTo, replayOf, sendAt } = change;
  const envelope = envelopeInsert(sql, inherited(sql), {
    id,
    schemaVersion,
    refersTo,
    replayOf,
    sendAt,
    type: sql`${type}::text`,
    sequence: sql`(select sequence from conversation)`,
    occurredAt: sql`clock_timestamp()`,
    // An edit of a best-effort message is best effort too. A delete is tried as long as the policy says.
    expiresAt: sql`
      case when r.class = 'best-effort' and ${type}::text = 'message.edited'
        then clock_timestamp() + make_interval(secs => ${bestEffortMs / 1000}) end`,
  });
  return sql`
  message as (
    insert into messages (${envelope.columns}, workflow_id, dedupe_key, band, state, open_count, rested_at, version)
    select ${envelope.values}, ${tenant} || ':' || encode((select hash from claimed), 'hex'), ${dedupeKey}, r.band,
      case when exists (select from wanted) then 'accepted' when r.state = 'unrouted' then 'unrouted' else 'delivered' end,
      (select count(*) from wanted), case when not exists (select from wanted) then clock_timestamp() end, ${version}
    from raised r
    returning id, tenant, sequence, refers_to, band, expires_at
  ), event as (
    insert into events (tenant, type, message, data)
    select tenant, 'carillon.message.accepted', id, jsonb_build_object('type', ${type}::text, 'refersTo', refers_to) from message
  )`;
}

/**
 * Where the original is in no lane, the changes of one message have a lane of their own, in the order of its versions.
 * The same holds for a scheduled original, which enters its lane later (N5): a change that was in that lane already
 * would hold back others while it waits for an original that comes after it.
 */
export const changeDeliveries = (sql: Db, ids: readonly DeliveryId[], action: 'edit' | 'delete', place: number) => sql`
  planned as (
    insert into deliveries (id, tenant, message, destination, via, policy, timeout_ms, lane, sequence, max_attempts, band,
      action, depends_on, expires_at, due_at)
    select (${ids as string[]}::text[])[row_number() over (order by w.id)], m.tenant, m.id, w.destination, w.via, w.policy, w.timeout_ms,
      case when w.lane is null or w.sequence is null then 'refers:' || m.refers_to else w.lane end,
      case when w.lane is null or w.sequence is null then ${place}::bigint else m.sequence end,
      (w.policy->>'maxAttempts')::integer, m.band, ${action}, w.id, m.expires_at,
      least(m.expires_at, clock_timestamp() + make_interval(secs => ${graceMs.accepted / 1000}))
    from wanted w cross join message m
    returning id, destination, state
  )`;

/** The end of each statement: the planned change. No row where the key is known, or where the change came too late. */
export const planned = (sql: Db) => sql`
  select id, destination, state from planned
  union all select refuse_late_change(), null, null from claimed where not exists (select from raised)`;

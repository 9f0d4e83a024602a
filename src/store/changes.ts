import { createHash } from 'node:crypto';
import type { DeliveryState } from '../domain/delivery.ts';
import type { DeliveryId, MessageId, TenantId } from '../domain/ids.ts';
import { schemaVersion, type Content, type Sender } from '../domain/message.ts';
import { findAccepted, type AcceptedDelivery, type AcceptResult } from './accept.ts';
import { sealContent } from './contents.ts';
import type { Db } from './db.ts';
import type { KeyRing } from './key-ring.ts';
import { newDeliveryId } from './new-id.ts';

/** What an edit or delete is asked for. */
export interface Change {
  /** Of the message that the change itself is. */
  readonly id: MessageId;
  readonly tenant: TenantId;
  readonly original: MessageId;
  readonly scope: string;
  readonly dedupeKey: string;
  /** RFC 8785 form of what was asked. */
  readonly canonicalBody: string;
}

export interface Edit extends Change {
  readonly content: Content;
  readonly sender: Sender | null;
}

export type ChangeResult =
  | Exclude<AcceptResult, { outcome: 'stale' | 'no-thread' }>
  | { readonly outcome: 'not-found' | 'deleted' }
  /** It is itself an edit or delete, of this message. */
  | { readonly outcome: 'is-a-change'; readonly of: MessageId }
  /** Others changed it at the same time, again and again. */
  | { readonly outcome: 'contended' };

interface Original {
  readonly version: number;
  readonly isDeleted: boolean;
  readonly refersTo: MessageId | null;
  readonly deliveries: number;
}

/** Times that somebody else's change may come between; each raises the version. */
const maxTries = 5;
const dedupeDays = 7;

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Accepts an edit: a new version of the original's content, and a message with a delivery for each of the original's that
 * has, or may still get, the message. What has not gone out yet goes out with the newest text by itself, and its edit is
 * then skipped. One statement; it locks dedupe, conversation, and the original's message, whose version it raises.
 */
export function acceptEdit(sql: Db, ring: KeyRing, edit: Edit): Promise<ChangeResult> {
  return change(sql, edit, async (version, ids) => {
    const sealed = sealContent(ring, edit.original, version, { content: edit.content, sender: edit.sender });
    return sql<AcceptedDelivery[]>`
      with ${claimed(sql, edit)}, ${conversation(sql, edit)}, raised as (
        update messages set version = ${version}
        where id = ${edit.original} and version = ${version - 1} and deleted_at is null and exists (select from claimed)
        returning *
      ), content as (
        insert into contents (message, version, sealed) select id, ${version}, ${sealed} from raised
      ), wanted as (
        select d.* from deliveries d
        where d.message = ${edit.original} and d.action = 'create' and d.state not in ('cancelled', 'skipped', 'expired')
      ), ${changeMessage(sql, edit, 'message.edited', version)}, ${changeDeliveries(sql, ids, 'edit', version)}
      select id, destination, state from planned`;
  });
}

/**
 * Accepts a delete. What has not gone out is cancelled in the same transaction, edits of it included; for what has, or
 * may have, a delivery of its own takes it back. One statement; it locks dedupe, conversation, deliveries by id, and
 * messages last.
 */
export function acceptDelete(sql: Db, ring: KeyRing, deletion: Change): Promise<ChangeResult> {
  return change(sql, deletion, async (version, ids) => {
    const { id, original } = deletion;
    const nothing = sealContent(ring, id, 1, { content: { text: '' }, sender: null });
    return sql<AcceptedDelivery[]>`
      with ${claimed(sql, deletion)}, ${conversation(sql, deletion)}, touched as materialized (
        select d.* from deliveries d
        where (select count(*) from conversation) >= 0 and exists (select from claimed) and d.message in (
          select m.id from messages m where m.id = ${original} or (m.refers_to = ${original} and m.type = 'message.edited'))
        order by d.id for update of d
      ), raised as (
        update messages set version = ${version}, deleted_at = clock_timestamp()
        where id = ${original} and version = ${version - 1} and deleted_at is null
          and exists (select from claimed) and (select count(*) from touched) >= 0
        returning *
      ), stopped as (
        update deliveries d
        set state = case when t.state = 'sending' or t.doubt_since is not null then d.state else 'cancelled' end,
          cancel_requested_at = coalesce(d.cancel_requested_at, clock_timestamp()),
          reason = case when t.state = 'sending' or t.doubt_since is not null then d.reason
            else '{"code": "deleted", "message": "The message was deleted before it went out."}'::jsonb end,
          next_attempt_at = case when t.doubt_since is not null then clock_timestamp() end, gate = null, slot_at = null,
          due_at = case when t.state = 'sending' or t.doubt_since is not null then d.due_at end,
          settled_at = case when t.state = 'sending' or t.doubt_since is not null then d.settled_at else clock_timestamp() end
        from touched t, raised
        where d.id = t.id and t.state in ('queued', 'waiting', 'sending', 'retrying', 'parked')
          and not (t.state = 'parked' and t.doubt_since is not null)
        returning d.id
      ), wanted as (
        select * from touched
        where message = ${original} and action = 'create'
          and (state in ('sending', 'delivered', 'uncertain') or doubt_since is not null or jsonb_array_length(receipts) > 0)
      ), ${changeMessage(sql, deletion, 'message.deleted', version)}, content as (
        insert into contents (message, version, sealed) select id, 1, ${nothing} from message
      ), ${changeDeliveries(sql, ids, 'delete', version)}
      select id, destination, state from planned`;
  });
}

async function change(
  sql: Db,
  asked: Change,
  write: (version: number, ids: readonly DeliveryId[]) => Promise<readonly AcceptedDelivery[]>,
): Promise<ChangeResult> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const known = await findAccepted(sql, asked);
    if (known !== undefined && known.outcome !== 'stale' && known.outcome !== 'no-thread') return known;
    const original = await findOriginal(sql, asked);
    if (original === undefined) return { outcome: 'not-found' };
    if (original.refersTo !== null) return { outcome: 'is-a-change', of: original.refersTo };
    if (original.isDeleted) return { outcome: 'deleted' };
    const ids = Array.from({ length: original.deliveries }, newDeliveryId);
    const deliveries = await write(original.version + 1, ids);
    const [made] = await sql<{ state: 'accepted' }[]>`select state from messages where id = ${asked.id}`;
    if (made !== undefined) return { outcome: 'accepted', id: asked.id, state: made.state, deliveries };
  }
  return { outcome: 'contended' };
}

async function findOriginal(sql: Db, { tenant, original }: Change): Promise<Original | undefined> {
  const [row] = await sql<Original[]>`
    select version, deleted_at is not null as "isDeleted", refers_to as "refersTo",
      (select count(*)::integer from deliveries d where d.message = m.id) as deliveries
    from messages m where tenant = ${tenant} and id = ${original}`;
  return row;
}

const claimed = (sql: Db, { tenant, scope, dedupeKey, canonicalBody, id, original }: Change) => sql`
  source as (
    select * from messages where tenant = ${tenant} and id = ${original} and deleted_at is null
  ), claimed as (
    insert into dedupe (tenant, scope, hash, body_hash, message, expires_at)
    select ${tenant}, ${scope}, ${sha256(`${scope}\0${dedupeKey}`)}, ${sha256(canonicalBody)}, ${id},
      clock_timestamp() + make_interval(days => ${dedupeDays})
    from source
    -- One without its message is left by a try that came too late for its version.
    on conflict (tenant, scope, hash) do update set body_hash = excluded.body_hash, message = excluded.message
    where not exists (select from messages m where m.id = dedupe.message)
    returning hash
  )`;

const conversation = (sql: Db, { tenant }: Change) => sql`
  conversation as (
    update conversations c set sequence = c.sequence + 1 from source s
    where c.tenant = ${tenant} and c.id = s.conversation and exists (select from claimed)
    returning c.sequence
  )`;

/** The change as a message, with all but its content taken from the original. */
const changeMessage = (sql: Db, { id, dedupeKey, tenant }: Change, type: string, version: number) => sql`
  message as (
    insert into messages (id, tenant, workflow_id, type, source, conversation, sequence, occurred_at, schema_version,
      data_version, correlation_id, dedupe_key, priority, band, labels, state, open_count, class, thread, refers_to, version)
    select ${id}, r.tenant, ${tenant} || ':' || encode((select hash from claimed), 'hex'), ${type}::text, r.source, r.conversation,
      (select sequence from conversation), clock_timestamp(), ${schemaVersion}, r.data_version, r.correlation_id, ${dedupeKey},
      r.priority, r.band, r.labels,
      case when exists (select from wanted) then 'accepted' when r.state = 'unrouted' then 'unrouted' else 'delivered' end,
      (select count(*) from wanted), r.class, r.thread, r.id, ${version}
    from raised r
    returning id, tenant, sequence, refers_to, band
  ), event as (
    insert into events (tenant, type, message, data) select tenant, 'carillon.message.accepted', id, '{}' from message
  )`;

/** Without a lane of the original's, changes of one message have a lane of their own, in the order of its versions. */
const changeDeliveries = (sql: Db, ids: readonly DeliveryId[], action: 'edit' | 'delete', version: number) => sql`
  planned as (
    insert into deliveries (id, tenant, message, destination, via, policy, timeout_ms, lane, sequence, max_attempts, band,
      action, depends_on, due_at)
    select (${ids as string[]}::text[])[row_number() over (order by w.id)], m.tenant, m.id, w.destination, w.via, w.policy, w.timeout_ms,
      coalesce(w.lane, 'refers:' || m.refers_to), case when w.lane is null then ${version}::bigint else m.sequence end,
      (w.policy->>'maxAttempts')::integer, m.band, ${action}, w.id, clock_timestamp() + interval '30 seconds'
    from wanted w cross join message m
    returning id, destination, state
  )`;

/** A delivery that a delete stopped, or asked to stop, and where to say so. */
export interface Stopped {
  readonly id: DeliveryId;
  readonly message: MessageId;
  readonly destination: string;
  readonly state: DeliveryState;
  readonly workflowId: string;
  readonly changed: true;
}

/** Uses `deliveries_message` and `messages_refers`. */
export async function findStopped(sql: Db, tenant: TenantId, original: MessageId): Promise<Stopped[]> {
  return sql<Stopped[]>`
    select d.id, d.message, d.destination, d.state, m.workflow_id as "workflowId", true as changed
    from messages m join deliveries d on d.message = m.id
    where m.tenant = ${tenant} and (m.id = ${original} or (m.refers_to = ${original} and m.type = 'message.edited'))
      and d.cancel_requested_at is not null
    order by d.id`;
}

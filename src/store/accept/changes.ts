import { graceMs } from '../../domain/clocks.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import type { DeliveryId, MessageId, TenantId } from '../../domain/ids.ts';
import type { Content, Sender } from '../../domain/message.ts';
import { toAcceptance } from './acceptance.ts';
import { findAccepted, type AcceptedDelivery, type AcceptResult } from './accept.ts';
import { changeDeliveries, changeMessage, claimed, conversation, planned, type Change } from './change-statement.ts';
import { openContent, sealContent } from '../db/contents.ts';
import { isConflict, type Db } from '../db/db.ts';
import type { KeyRing } from '../db/key-ring.ts';
import { newDeliveryId } from '../db/new-id.ts';

export interface Edit extends Change {
  readonly content: Content;
  readonly sender: Sender | null;
  /** The edit does not mention files: those of the version before stay. */
  readonly keepsFiles?: true;
}

export type ChangeResult =
  | Exclude<AcceptResult, { outcome: 'stale' | 'no-thread' }>
  | { readonly outcome: 'not-found' | 'deleted' | 'key-required' }
  /** The message is itself an edit or a delete, of this message. */
  | { readonly outcome: 'is-a-change'; readonly of: MessageId }
  /** Other changes of the message came in between, time and again. */
  | { readonly outcome: 'contended' };

interface Original {
  readonly version: number;
  readonly isDeleted: boolean;
  readonly refersTo: MessageId | null;
  readonly deliveries: number;
  /** The tenant takes no edit without a key. */
  readonly requiresKey: boolean;
}

/**
 * How often another change of the message may come in between. Of changes that come at once, one is taken each time.
 */
const maxTries = 20;

/**
 * Accepts an edit: a new version of the original's content, and a message with one delivery for each delivery of the
 * original that has arrived or may still arrive. An original that has not gone out yet goes out with the newest text,
 * and its edit is skipped there. One statement. It locks dedupe, conversation, the original's deliveries in the order
 * of their ids, so that none is claimed meanwhile, and last the original's message, whose version it raises.
 */
export function acceptEdit(sql: Db, ring: KeyRing, edit: Edit): Promise<ChangeResult> {
  return change(sql, edit, async (original, ids) => {
    const version = original.version + 1;
    const files = edit.keepsFiles === true ? await filesOf(sql, ring, edit.original, original.version) : {};
    const said = { content: { ...edit.content, ...files }, sender: edit.sender };
    const message = toAcceptance(edit, { type: 'message.edited' }, said, { refersTo: edit.original });
    const sealed = sealContent(ring, edit.original, version, said);
    return sql<AcceptedDelivery[]>`
      with ${claimed(sql, edit)}, ${conversation(sql, edit)}, wanted as materialized (
        -- Locked here in the way in which their foreign keys lock them later: that would be after the message, in the
        -- wrong order.
        select d.* from deliveries d
        where (select count(*) from conversation) >= 0 and exists (select from claimed) and d.message = ${edit.original}
          and d.action = 'create' and d.state not in ('cancelled', 'skipped', 'expired')
        order by d.id for key share of d
      ), raised as (
        update messages set version = ${version}
        where id = ${edit.original} and version = ${original.version} and deleted_at is null
          and exists (select from claimed) and (select count(*) from wanted) >= 0
        returning *
      ), content as (
        insert into contents (message, version, sealed) select id, ${version}, ${sealed} from raised
      ), ${changeMessage(sql, message, version)}, ${changeDeliveries(sql, ids, 'edit', version)}
      ${planned(sql)}`;
  });
}

async function filesOf(sql: Db, ring: KeyRing, message: MessageId, version: number): Promise<Partial<Content>> {
  const [row] = await sql<{ sealed: Buffer | null }[]>`
    select sealed from contents where message = ${message} and version = ${version}`;
  const { attachments } = openContent(ring, message, version, row?.sealed ?? null).content;
  return attachments === undefined ? {} : { attachments };
}

/**
 * Accepts a delete. Deliveries that have not gone out are cancelled in the same transaction, edits included. Where the
 * message has arrived, or may have, the delete has a delivery of its own that takes it back. An uncertain delivery is
 * looked up once more: where the post is found it is taken back, else it stays `uncertain`. One statement. It locks
 * dedupe, conversation, deliveries in the order of their ids, and messages last.
 */
export function acceptDelete(sql: Db, ring: KeyRing, deletion: Change): Promise<ChangeResult> {
  return change(sql, deletion, async ({ version }, ids) => {
    const { id, original } = deletion;
    const said = { content: { text: '' }, sender: null };
    const message = toAcceptance(deletion, { type: 'message.deleted' }, said, { refersTo: original });
    const nothing = sealContent(ring, id, 1, said);
    return sql<AcceptedDelivery[]>`
      with ${claimed(sql, deletion)}, ${conversation(sql, deletion)}, touched as materialized (
        select d.* from deliveries d
        where (select count(*) from conversation) >= 0 and exists (select from claimed) and d.message in (
          select m.id from messages m where m.id = ${original} or (m.refers_to = ${original} and m.type <> 'message.deleted'))
        order by d.id for update of d
      ), raised as (
        update messages set deleted_at = clock_timestamp()
        where id = ${original} and version = ${version} and deleted_at is null
          and exists (select from claimed) and (select count(*) from touched) >= 0
        returning *
      ), judged as (
        select id, case
            when state = 'sending' then state
            when action <> 'create' or (doubt_since is null and state <> 'uncertain') then 'cancelled'
            when state in ('parked', 'uncertain') then 'queued'
            else state end as state
        from touched where state in ('queued', 'waiting', 'sending', 'retrying', 'parked', 'uncertain')
      ), stopped as (
        update deliveries d
        set state = j.state, is_deleted = true, cancel_requested_at = coalesce(d.cancel_requested_at, clock_timestamp()),
          reason = case j.state when 'cancelled'
            then '{"code": "deleted", "message": "The message was deleted before it went out."}'::jsonb else d.reason end,
          next_attempt_at = case when j.state not in ('cancelled', 'sending') then clock_timestamp() end,
          gate = null, slot_at = null, hold_for = null,
          deadline_at = case when j.state <> 'queued' then d.deadline_at end,
          clock_stopped_at = case when j.state <> 'queued' then d.clock_stopped_at end,
          due_at = case j.state when 'cancelled' then null when 'sending' then d.due_at
            else clock_timestamp() + make_interval(secs => ${graceMs.commanded / 1000}) end,
          settled_at = case when j.state = 'cancelled' then clock_timestamp() end
        from judged j, raised where d.id = j.id
      ), wanted as (
        select * from touched
        where message = ${original} and action = 'create'
          and (state in ('sending', 'delivered', 'uncertain') or doubt_since is not null or jsonb_array_length(receipts) > 0)
      ), ${changeMessage(sql, message, 1)}, content as (
        insert into contents (message, version, sealed) select id, 1, ${nothing} from message
      ), ${changeDeliveries(sql, ids, 'delete', version + 1)}
      ${planned(sql)}`;
  });
}

async function change(
  sql: Db,
  asked: Change,
  write: (original: Original, ids: readonly DeliveryId[]) => Promise<readonly AcceptedDelivery[]>,
): Promise<ChangeResult> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    // The message is read first. Then a delete that came in between is among the known keys.
    const original = await findOriginal(sql, asked);
    const known = await findAccepted(sql, asked);
    if (known !== undefined && known.outcome !== 'stale' && known.outcome !== 'no-thread') return known;
    if (original === undefined) return { outcome: 'not-found' };
    // A change without a key has its own id as its key.
    if (original.requiresKey && asked.dedupeKey === asked.id) return { outcome: 'key-required' };
    if (original.refersTo !== null) return { outcome: 'is-a-change', of: original.refersTo };
    if (original.isDeleted) return { outcome: 'deleted' };
    const ids = Array.from({ length: original.deliveries }, newDeliveryId);
    const deliveries = await write(original, ids).catch((error: unknown) => {
      if (isConflict(error)) return [];
      throw error;
    });
    const [made] = await sql<{ state: 'accepted' }[]>`select state from messages where id = ${asked.id}`;
    if (made !== undefined) return { outcome: 'accepted', id: asked.id, state: made.state, deliveries };
  }
  return { outcome: 'contended' };
}

async function findOriginal(sql: Db, { tenant, original }: Change): Promise<Original | undefined> {
  const [row] = await sql<Original[]>`
    select version, deleted_at is not null as "isDeleted", refers_to as "refersTo",
      (select count(*)::integer from deliveries d where d.message = m.id) as deliveries,
      (select require_idempotency_key from tenants t where t.id = m.tenant) as "requiresKey"
    from messages m where tenant = ${tenant} and id = ${original}`;
  return row;
}

/** A delivery that a delete stopped or asked to stop, with what is needed to wake its run. */
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
    where m.tenant = ${tenant} and (m.id = ${original} or (m.refers_to = ${original} and m.type <> 'message.deleted'))
      and d.is_deleted
    order by d.id`;
}

import type { Reason } from '../../domain/failure.ts';
import type { ConnectionId, InboxId, TenantId, MessageId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';
import { openKept, type KeptRequest } from './inbox.ts';
import type { KeyRing } from '../db/key-ring.ts';
import type { InboundKind, InboxState } from '../../domain/inbound.ts';

/** A request that was signed correctly and not understood. */
export interface QuarantinedRow {
  readonly id: InboxId;
  readonly connection: ConnectionId;
  readonly receivedAt: Date;
  readonly reason: Reason;
}

/**
 * Lists the quarantine, the newest request first; with `before`, only requests older than that id. Uses `inbox_open`.
 */
export async function listQuarantine(
  sql: Db,
  tenant: TenantId,
  limit: number,
  before: string | undefined,
): Promise<QuarantinedRow[]> {
  return sql<QuarantinedRow[]>`
    select id, connection, received_at as "receivedAt", reason from inbox
    where tenant = ${tenant} and state = 'quarantined' and done_at is null ${before === undefined ? sql`` : sql`and id < ${before}`}
    order by id desc limit ${limit}`;
}

/** @returns one request of the quarantine, as it came; undefined where there is none. */
export async function findQuarantined(
  sql: Db,
  ring: KeyRing,
  tenant: TenantId,
  id: InboxId,
): Promise<(QuarantinedRow & { readonly request: KeptRequest }) | undefined> {
  const [row] = await sql<(QuarantinedRow & { sealed: Buffer })[]>`
    select id, connection, received_at as "receivedAt", reason, sealed from inbox
    where tenant = ${tenant} and id = ${id} and state = 'quarantined'`;
  if (row === undefined) return undefined;
  const { sealed, ...rest } = row;
  return { ...rest, request: openKept(ring, id, sealed) };
}

/** Ends a request that was understood on another reading, after its events were stored. Its key stays known. */
export async function releaseQuarantined(sql: Db, tenant: TenantId, id: InboxId): Promise<void> {
  await sql`
    update inbox set state = 'routed', sealed = null, done_at = clock_timestamp(),
      reason = '{"code": "replayed", "message": "It was read again and understood."}'
    where tenant = ${tenant} and id = ${id} and state = 'quarantined'`;
}

/** One event of the inbox, without its content. */
export interface InboxRow {
  readonly id: InboxId;
  readonly connection: ConnectionId;
  readonly room: string;
  readonly kind: InboundKind;
  readonly state: InboxState;
  readonly reason: Reason | null;
  readonly message: MessageId | null;
  readonly waitsFor: string | null;
  readonly tries: number;
  readonly receivedAt: Date;
  readonly nextLookAt: Date | null;
  readonly doneAt: Date | null;
}

export interface InboxFilter {
  readonly state?: InboxState;
  readonly connection?: ConnectionId;
  readonly room?: string;
}

/**
 * Lists events, the newest first; with `before`, only events older than that id. Uses `inbox_list`, and `inbox_open`
 * where `state` is one of an event that has not ended.
 */
export async function listInbox(
  sql: Db,
  tenant: TenantId,
  { state, connection, room }: InboxFilter,
  limit: number,
  before: string | undefined,
): Promise<InboxRow[]> {
  const isOpen = state !== undefined && state !== 'routed' && state !== 'ignored';
  return sql<InboxRow[]>`
    select id, connection, room, kind, state, reason, message, waits_for as "waitsFor", tries, received_at as "receivedAt",
      due_at as "nextLookAt", done_at as "doneAt"
    from inbox
    where tenant = ${tenant} and ${state === undefined ? sql`state <> 'quarantined'` : sql`state = ${state}`}
      ${isOpen ? sql`and done_at is null` : sql``}
      ${connection === undefined ? sql`` : sql`and connection = ${connection}`}
      ${room === undefined ? sql`` : sql`and room = ${room}`}
      ${before === undefined ? sql`` : sql`and id < ${before}`}
    order by id desc limit ${limit}`;
}

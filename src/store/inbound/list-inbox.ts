import type { Reason } from '../../domain/failure.ts';
import type { ConnectionId, InboxId, MessageId, TenantId } from '../../domain/ids.ts';
import type { InboundKind, InboxState } from '../../domain/inbound.ts';
import type { Db } from '../db/db.ts';

/** One thing that came in, without what it says. */
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

/** The newest first, those older than `before`. Uses `inbox_list`, and `inbox_open` for what is not done. */
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

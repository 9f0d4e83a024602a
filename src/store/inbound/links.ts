import type { ConnectionId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';

/** Which of our messages a native one is. */
export interface Link {
  readonly message: MessageId;
  readonly destination: DestinationId;
  /** It was said there; else we posted it. */
  readonly isOrigin: boolean;
  readonly conversation: string | null;
}

/**
 * The message of a key, or the root of the thread of that key: a key is of one kind only. Uses the primary key and the
 * index of threads. A change of a message counts as what it changes.
 */
export async function findLink(
  sql: Db,
  tenant: TenantId,
  connection: ConnectionId,
  key: string,
): Promise<Link | undefined> {
  const [row] = await sql<Link[]>`
    select l.message, l.destination, l.is_origin as "isOrigin", m.conversation
    from links l join messages m on m.id = l.message
    where l.tenant = ${tenant} and l.connection = ${connection} and (l.key = ${key} or l.thread = ${key})
    order by l.created_at limit 1`;
  return row;
}

export interface OriginLink {
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly key: string;
  readonly native: string;
  readonly destination: DestinationId;
  readonly message: MessageId;
  /** The platform's key of the thread that it is the root of, where that has one of its own. */
  readonly thread?: string;
}

/** Where a message was said, and who waited to hear of it. The first link of a native message stands. */
export async function linkOrigin(sql: Db, link: OriginLink): Promise<void> {
  const { tenant, connection, key, thread = null } = link;
  await sql`
    with linked as (
      insert into links (tenant, connection, key, thread, native, destination, message, is_origin)
      values (${tenant}, ${connection}, ${key}, ${thread}, ${link.native}, ${link.destination}, ${link.message}, true)
      on conflict (tenant, connection, key) do nothing
    )
    update inbox set due_at = clock_timestamp()
    where tenant = ${tenant} and connection = ${connection} and waits_for in (${key}, ${thread}) and due_at is not null`;
}

/**
 * Notes the platform's mark of an edit on the message's link.
 * @returns false where a newer one was taken already.
 */
export async function raiseRevision(
  sql: Db,
  tenant: TenantId,
  connection: ConnectionId,
  key: string,
  revision: string,
): Promise<boolean> {
  const [row] = await sql`
    update links set revision = ${revision}
    where tenant = ${tenant} and connection = ${connection} and key = ${key} and (revision is null or revision <= ${revision})
    returning key`;
  return row !== undefined;
}

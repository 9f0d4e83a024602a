import type { ConnectionId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';

/** Which message a post on a platform belongs to. */
export interface Link {
  readonly message: MessageId;
  readonly destination: DestinationId;
  /** A person wrote the post; false where Carillon posted it. */
  readonly isOrigin: boolean;
  readonly conversation: string | null;
}

/**
 * Finds the message of a post by the post's key or by its thread's key; a platform's keys of both kinds never collide.
 * Only posts of the message itself are linked, not its edits and reactions. Uses the primary key and `links_thread`.
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
  /** The platform's key of the thread that the post is the root of, where threads have keys of their own. */
  readonly thread?: string;
}

/**
 * Links a person's post to the message that it became, and makes the inbox events due that waited for it (I4 in
 * `src/worker/inbox.ts`). Where the post has a link already, that link stays.
 */
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
 * Records an edit's revision, as the platform gives it, in the link of the edited post. Revisions are compared as
 * texts.
 * @returns false where a newer revision was recorded before, or where there is no link.
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

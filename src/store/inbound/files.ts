import { createHash } from 'node:crypto';
import type { Reason } from '../../domain/failure.ts';
import type { MessageId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import { openBytes, seal, type KeyRing } from '../db/key-ring.ts';

/** Names a file of a message. */
export interface FileKey {
  readonly message: MessageId;
  /** The attachment's id. */
  readonly id: string;
}
/** One attempt to fetch a file. Only the attempt whose token the row has may store chunks. */
export interface FileFetch extends FileKey {
  readonly token: string;
}

/** The state of a file. */
export type FileState =
  /** The caller is to fetch the file now. `tries` counts this try too; the file was first wanted `ageMs` ago. */
  | { readonly state: 'taken'; readonly tries: number; readonly ageMs: number }
  /** Another process fetches the file, or the next try is due in `waitMs`. */
  | { readonly state: 'fetching'; readonly waitMs: number }
  | { readonly state: 'kept'; readonly token: string; readonly mediaType: string; readonly size: number }
  | { readonly state: 'refused'; readonly reason: Reason };

/** How much one row of `file_chunks` holds at most: 1 MiB. */
export const chunkBytes = 1_024 * 1_024;

/**
 * How long a fetch may take until its first chunk, and from one chunk to the next, before it counts as dead and another
 * one begins. It is short beside the 30 s that a message waits for its files, so that another process can still fetch
 * the file. A source that needs longer for 1 MiB, or for a whole smaller file, is fetched from its beginning again.
 */
const leaseSeconds = 10;

const hashOf = (id: string): Buffer => createHash('sha256').update(id).digest();
/** Names a file where its id must not appear, because a platform's id may tell something about the content. */
export const fileHash = (id: string): string => hashOf(id).toString('hex');
const ownerOf = ({ message, id, token }: FileFetch, n: number): string =>
  `file ${message}/${fileHash(id)}/${token}/${n}`;

interface Row {
  readonly tries: number | null;
  readonly ageMs: number;
  readonly state: 'fetching' | 'kept' | 'refused' | null;
  readonly token: string;
  readonly waitMs: number | null;
  readonly mediaType: string;
  readonly size: string;
  readonly reason: Reason;
}

/**
 * Takes a file for fetching, where no process fetches it and its next try is due. Chunks of an earlier try are removed.
 * Uses the primary keys.
 */
export async function takeFile(sql: Db, { message, id, token }: FileFetch): Promise<FileState> {
  const hash = hashOf(id);
  const [row] = await sql<[Row]>`
    with mine as (
      insert into files as f (message, hash, state, token, due_at, tries)
      values (${message}, ${hash}, 'fetching', ${token},
        clock_timestamp() + make_interval(secs => ${leaseSeconds}::float8), 1)
      on conflict (message, hash) do update set token = excluded.token, due_at = excluded.due_at, tries = f.tries + 1
      where f.state = 'fetching' and f.due_at <= clock_timestamp()
      returning f.tries, (extract(epoch from clock_timestamp() - f.created_at) * 1000)::float8 as age_ms
    ), left_over as (
      delete from file_chunks where message = ${message} and hash = ${hash} and exists (select from mine)
    )
    select (select tries from mine) as tries, (select age_ms from mine) as "ageMs", f.state, f.token, f.media_type as "mediaType", f.size, f.reason,
      (extract(epoch from f.due_at - clock_timestamp()) * 1000)::float8 as "waitMs"
    from (select 1) one left join files f on f.message = ${message} and f.hash = ${hash}`;
  if (row.tries !== null) return { state: 'taken', tries: row.tries, ageMs: Math.max(0, row.ageMs) };
  switch (row.state) {
    case 'kept':
      return { state: 'kept', token: row.token, mediaType: row.mediaType, size: Number(row.size) };
    case 'refused':
      return { state: 'refused', reason: row.reason };
    default:
      // No row: another process inserted it after this statement's snapshot.
      return { state: 'fetching', waitMs: Math.max(0, row.waitMs ?? 0) };
  }
}

/**
 * Stores one chunk and renews the fetch's lease.
 * @returns false where another fetch of the file has begun meanwhile; this one must stop.
 */
export async function addChunk(
  sql: Db,
  ring: KeyRing,
  fetch: FileFetch,
  n: number,
  bytes: Uint8Array,
): Promise<boolean> {
  const { message, id, token } = fetch;
  const sealed = seal(ring, ownerOf(fetch, n), bytes);
  const rows = await sql`
    with mine as (
      update files set due_at = clock_timestamp() + make_interval(secs => ${leaseSeconds}::float8)
      where message = ${message} and hash = ${hashOf(id)} and token = ${token} and state = 'fetching'
      returning message, hash, token)
    insert into file_chunks (message, hash, token, n, sealed) select message, hash, token, ${n}, ${sealed} from mine
    returning n`;
  return rows.length > 0;
}

/** Records that all chunks of a file are stored. @returns false as `addChunk` does. */
export async function keepFile(
  sql: Db,
  { message, id, token }: FileFetch,
  { mediaType, size }: { readonly mediaType: string; readonly size: number },
): Promise<boolean> {
  const rows = await sql`
    update files set state = 'kept', media_type = ${mediaType}, size = ${size}, due_at = null
    where message = ${message} and hash = ${hashOf(id)} and token = ${token} and state = 'fetching'
    returning token`;
  return rows.length > 0;
}

/**
 * Records that a fetch failed: the file is tried again after `afterMs`, or never again for `reason`. Removes its
 * chunks.
 */
export async function missFile(
  sql: Db,
  { message, id, token }: FileFetch,
  next: { readonly afterMs: number } | { readonly reason: Reason },
): Promise<void> {
  const hash = hashOf(id);
  const isOver = 'reason' in next;
  await sql`
    with mine as (
      update files set state = ${isOver ? 'refused' : 'fetching'}, reason = ${isOver ? json(sql, next.reason) : null},
        due_at = clock_timestamp() + make_interval(secs => ${isOver ? null : next.afterMs / 1_000}::float8)
      where message = ${message} and hash = ${hash} and token = ${token} and state = 'fetching'
      returning token)
    delete from file_chunks where message = ${message} and hash = ${hash} and token = (select token from mine)`;
}

/**
 * Reads a file that is kept, with one chunk in memory at a time.
 * @param size bytes of the whole file.
 * @throws Error where chunks are missing, because the file was removed meanwhile.
 */
export async function* readFile(sql: Db, ring: KeyRing, fetch: FileFetch, size: number): AsyncGenerator<Buffer> {
  const { message, id, token } = fetch;
  let left = size;
  for (let n = 0; left > 0; n += 1) {
    const [row] = await sql<{ sealed: Buffer }[]>`
      select sealed from file_chunks
      where message = ${message} and hash = ${hashOf(id)} and token = ${token} and n = ${n}`;
    if (row === undefined) throw new Error(`a file of ${message} is not kept any more`);
    const bytes = openBytes(ring, ownerOf(fetch, n), row.sealed);
    left -= bytes.length;
    yield bytes;
  }
}

import { createHash } from 'node:crypto';
import type { Reason } from '../../domain/failure.ts';
import type { MessageId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import { openBytes, seal, type KeyRing } from '../db/key-ring.ts';

/** A file of a message. */
export interface FileKey {
  readonly message: MessageId;
  /** Of the attachment. */
  readonly id: string;
}
/** One attempt to fetch it, by whoever holds the token. */
export interface FileFetch extends FileKey {
  readonly token: string;
}

/** A file as it stands. */
export type FileState =
  /** Whoever asked fetches it now, for the n-th time, so long after it was first wanted. */
  | { readonly state: 'taken'; readonly tries: number; readonly ageMs: number }
  /** Somebody else does, or it is tried again after a while. */
  | { readonly state: 'fetching'; readonly waitMs: number }
  | { readonly state: 'kept'; readonly token: string; readonly mediaType: string; readonly size: number }
  | { readonly state: 'refused'; readonly reason: Reason };

/** The most that one row holds. */
export const chunkBytes = 1_024 * 1_024;

/**
 * Each chunk extends it; whoever died in the middle holds nobody up for longer. Short beside the 30 s that a message waits
 * for its files, so that somebody else can still fetch it; slower than a chunk in that time is too slow for those anyway.
 */
const leaseSeconds = 10;

const hashOf = (id: string): Buffer => createHash('sha256').update(id).digest();
/** How a file is known where its id, which may tell what it is of, is not to stand. */
export const fileHash = (id: string): string => hashOf(id).toString('hex');
const place = ({ message, id, token }: FileFetch, n: number): string => `file ${message}/${fileHash(id)}/${token}/${n}`;

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

/** Takes a file up for fetching where nobody has done so, or somebody died over it; what they left is removed. */
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
      // Without a row: somebody has begun this moment.
      return { state: 'fetching', waitMs: Math.max(0, row.waitMs ?? 0) };
  }
}

/** @returns false where somebody else has taken it up meanwhile, and this attempt is over. */
export async function addChunk(
  sql: Db,
  ring: KeyRing,
  fetch: FileFetch,
  n: number,
  bytes: Uint8Array,
): Promise<boolean> {
  const { message, id, token } = fetch;
  const sealed = seal(ring, place(fetch, n), bytes);
  const rows = await sql`
    with mine as (
      update files set due_at = clock_timestamp() + make_interval(secs => ${leaseSeconds}::float8)
      where message = ${message} and hash = ${hashOf(id)} and token = ${token} and state = 'fetching'
      returning message, hash, token)
    insert into file_chunks (message, hash, token, n, sealed) select message, hash, token, ${n}, ${sealed} from mine
    returning n`;
  return rows.length > 0;
}

/** All its chunks are there. @returns as `addChunk`. */
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

/** It is not had this time: it is tried again after a while, or not at all. */
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
 * The bytes of a file that is kept, one chunk in memory at a time.
 * @throws Error where they are not all there any more.
 */
export async function* readFile(sql: Db, ring: KeyRing, fetch: FileFetch, size: number): AsyncGenerator<Buffer> {
  const { message, id, token } = fetch;
  let left = size;
  for (let n = 0; left > 0; n += 1) {
    const [row] = await sql<{ sealed: Buffer }[]>`
      select sealed from file_chunks
      where message = ${message} and hash = ${hashOf(id)} and token = ${token} and n = ${n}`;
    if (row === undefined) throw new Error(`a file of ${message} is not kept any more`);
    const bytes = openBytes(ring, place(fetch, n), row.sealed);
    left -= bytes.length;
    yield bytes;
  }
}

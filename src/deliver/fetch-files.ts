import { download, notFetchable } from '../connectors/http/download.ts';
import type { Download } from '../connectors/contract/context.ts';
import { isTypeTaken, type FileLimits } from '../domain/file-limits.ts';
import { SendFailure, type Reason } from '../domain/failure.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Attachment, Message } from '../domain/message.ts';
import { connectionWithSecrets } from '../store/config/connections.ts';
import {
  addChunk,
  chunkBytes,
  keepFile,
  missFile,
  takeFile,
  type FileFetch,
  type FileState,
} from '../store/inbound/files.ts';
import { newAttemptId } from '../store/db/new-id.ts';
import type { DeliverDeps, FetchedFile, FileFetcher } from './deps.ts';

/**
 * How long after the first try a file may still be fetched. After that the message links it. The text of the message
 * waits for the file, and later messages of the conversation wait for that message. People take half a minute for a
 * slow upload, and not for an outage. At 7 Mbit/s, 25 MB arrive in this time.
 */
const withinMs = 30_000;
/**
 * The least time of each try, also of one that begins late, for instance because its worker took over from a dead one.
 */
const shortestMs = 5_000;
/** The waits between four tries are 1, 2 and 4 s, so a file whose tries all fail at once is given up after 7 s. */
const maxTries = 4;
/**
 * The wait after the first failed try; it doubles with each try. A wait that is longer than the time left ends the
 * tries.
 */
const firstWaitMs = 1_000;
/** How often a delivery that waits for a download looks at its state. */
const lookMs = 200;

type Deps = Pick<DeliverDeps, 'sql' | 'ring' | 'connectors' | 'http' | 'tokens' | 'stopping'>;

export function createFileFetcher(deps: Deps, limits: FileLimits): FileFetcher {
  const running = new Set<Promise<void>>();

  async function stateOf(tenant: TenantId, message: Message, file: Attachment): Promise<FileState> {
    const fetch: FileFetch = { message: message.id, id: file.id, token: newAttemptId() };
    const state = await takeFile(deps.sql, fetch);
    if (state.state === 'taken') {
      const work = fetchOne(deps, limits, { tenant, message, file, fetch, ...state })
        // PostgreSQL is away. The fetch's lease ends, and the next look takes the file again.
        .catch(() => undefined)
        .finally(() => running.delete(work));
      running.add(work);
    }
    return state;
  }

  return {
    async fetch(tenant, message, waitMs, signal) {
      const { attachments = [] } = message.content;
      const end = performance.now() + waitMs;
      for (;;) {
        signal.throwIfAborted();
        const states = await Promise.all(attachments.map((file) => stateOf(tenant, message, file)));
        const done = states.filter((one): one is FetchedFile => one.state === 'kept' || one.state === 'refused');
        if (done.length === states.length) return done;
        if (performance.now() >= end) return undefined;
        await new Promise((resolve) => setTimeout(resolve, lookMs));
      }
    },
    async idle() {
      await Promise.all(running);
    },
  };
}

interface Fetching {
  readonly tenant: TenantId;
  readonly message: Message;
  readonly file: Attachment;
  readonly fetch: FileFetch;
  readonly tries: number;
  /** Milliseconds since the file was first wanted. */
  readonly ageMs: number;
}

/**
 * Makes one try to fetch a file and records its result.
 * @throws what is no `SendFailure`, such as that PostgreSQL is away.
 */
async function fetchOne(deps: Deps, limits: FileLimits, one: Fetching): Promise<void> {
  const { fetch } = one;
  const leftMs = Math.max(shortestMs, withinMs - one.ageMs);
  const begin = performance.now();
  let opened: Download | undefined;
  try {
    if (limits.maxBytes === 0) throw notFetchable('files_off', 'Files are switched off here: CARILLON_FILES_MAX is 0.');
    opened = await openFile(deps, one, leftMs);
    const mediaType = nameableType(opened.mediaType, one.file);
    if (!isTypeTaken(mediaType, limits))
      throw notFetchable('file_type_refused', `Files of the type ${mediaType} are not allowed here.`);
    if ((opened.size ?? 0) > limits.maxBytes) throw tooLarge(limits);
    const size = await store(deps, limits, fetch, opened.bytes);
    if (size === 0) throw notFetchable('file_empty', 'The file is empty.');
    if (size !== undefined) await keepFile(deps.sql, fetch, { mediaType, size });
  } catch (error) {
    opened?.drop();
    if (!(error instanceof SendFailure)) throw error;
    await missFile(deps.sql, fetch, nextOf(error, one.tries, leftMs - (performance.now() - begin)));
  }
}

function nextOf({ kind, code, message, status, retryAfterMs }: SendFailure, tries: number, leftMs: number) {
  if (kind === 'stopped') return { afterMs: 0 };
  const waitMs = Math.max(retryAfterMs ?? 0, firstWaitMs * 2 ** (tries - 1));
  if (kind !== 'permanent' && tries < maxTries && waitMs < leftMs) return { afterMs: waitMs };
  const reason: Reason = { code, message, ...(status === undefined ? {} : { status }) };
  return { reason };
}

/**
 * Opens the download of a file: with the credentials of the connection through which the message came in, or without
 * any for a file that an API caller attached.
 * @throws SendFailure where the file has no address, or its connection does not exist or cannot open files.
 */
async function openFile(deps: Deps, { tenant, message, file }: Fetching, timeoutMs: number): Promise<Download> {
  const { http, tokens, stopping: signal } = deps;
  const context = { http, tokens, now: new Date(), timeoutMs, signal };
  const id = message.sender?.native?.connection;
  if (id === undefined) {
    if (file.url === undefined) throw notFetchable('file_elsewhere', 'The file has no address.');
    return download({ url: file.url }, context);
  }
  const connection = await connectionWithSecrets(deps.sql, deps.ring, tenant, id);
  const opened = deps.connectors
    .get(connection?.connector ?? '')
    ?.inbound?.openFile?.(file, { id, settings: connection?.settings ?? {} }, context);
  if (opened === undefined)
    throw notFetchable('file_elsewhere', 'The connection that the file came in by no longer exists.');
  return opened;
}

/**
 * Stores the bytes of a file in chunks of at most 1 MiB.
 * @returns the number of bytes; undefined where another fetch of the file has begun meanwhile.
 * @throws SendFailure where the file is larger than `maxBytes`.
 */
async function store(
  { sql, ring }: Deps,
  { maxBytes }: FileLimits,
  fetch: FileFetch,
  bytes: AsyncIterable<Uint8Array>,
): Promise<number | undefined> {
  let [size, n, held] = [0, 0, 0];
  let parts: Uint8Array[] = [];
  const flush = async (): Promise<boolean> => {
    const chunk = Buffer.concat(parts);
    [parts, held] = [[], 0];
    return chunk.length === 0 || addChunk(sql, ring, fetch, n++, chunk);
  };
  for await (const part of bytes) {
    size += part.length;
    if (size > maxBytes) throw tooLarge({ maxBytes });
    if (held + part.length > chunkBytes && !(await flush())) return undefined;
    parts.push(part);
    held += part.length;
  }
  return (await flush()) ? size : undefined;
}

function tooLarge({ maxBytes }: Pick<FileLimits, 'maxBytes'>): SendFailure {
  return notFetchable(
    'file_too_large',
    `The file is larger than ${maxBytes / 1_000_000} MB, the largest size that is allowed here.`,
  );
}

/** File stores often report only a generic type. Then the type that the platform named in its event is used. */
function nameableType(mediaType: string, file: Attachment): string {
  return mediaType === 'application/octet-stream' && file.mediaType !== undefined
    ? file.mediaType.toLowerCase()
    : mediaType;
}

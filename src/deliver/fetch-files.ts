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
 * From the first try on; then a file is linked. The words that it came with wait for it, and what is said after them behind
 * those: half a minute is what a person takes for a slow upload, and not for an outage. 25 MB come in it at 7 Mbit/s.
 */
const withinMs = 30_000;
/** A try that begins late has so long all the same, such as that of a worker that takes over from a dead one. */
const shortestMs = 5_000;
/** They are over after 7 s where each is refused at once. */
const maxTries = 4;
/** Doubles from try to try; a platform that wants more time than is left gets none. */
const firstWaitMs = 1_000;
/** How often somebody looks who waits for another's download. */
const lookMs = 200;

type Deps = Pick<DeliverDeps, 'sql' | 'ring' | 'connectors' | 'http' | 'tokens' | 'stopping'>;

export function createFileFetcher(deps: Deps, limits: FileLimits): FileFetcher {
  const running = new Set<Promise<void>>();

  async function stateOf(tenant: TenantId, message: Message, file: Attachment): Promise<FileState> {
    const fetch: FileFetch = { message: message.id, id: file.id, token: newAttemptId() };
    const state = await takeFile(deps.sql, fetch);
    if (state.state === 'taken') {
      const work = fetchOne(deps, limits, { tenant, message, file, fetch, ...state })
        // PostgreSQL is away: the lease ends by itself, and the next one tries again.
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
  /** Since it was first wanted. */
  readonly ageMs: number;
}

/** Whatever comes of it is written. */
async function fetchOne(deps: Deps, limits: FileLimits, one: Fetching): Promise<void> {
  const { fetch } = one;
  const leftMs = Math.max(shortestMs, withinMs - one.ageMs);
  const begin = performance.now();
  let opened: Download | undefined;
  try {
    if (limits.maxBytes === 0)
      throw notFetchable('files_off', 'Files are not handed on here: CARILLON_FILES_MAX is 0.');
    opened = await openFile(deps, one, leftMs);
    const mediaType = nameableType(opened.mediaType, one.file);
    if (!isTypeTaken(mediaType, limits))
      throw notFetchable('file_type_refused', `Files of the type ${mediaType} are not handed on here.`);
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

/** With the credentials of the connection that it came in by; what an API caller attached is public. */
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
  if (opened === undefined) throw notFetchable('file_elsewhere', 'The connection that it came in by is not there.');
  return opened;
}

/** @returns how many bytes; undefined where somebody else has taken it up meanwhile. */
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
    `The file is larger than ${maxBytes / 1_000_000} MB, the most that is handed on.`,
  );
}

/** Stores of files often know no type: then what the platform said of it is all there is. */
function nameableType(mediaType: string, file: Attachment): string {
  return mediaType === 'application/octet-stream' && file.mediaType !== undefined
    ? file.mediaType.toLowerCase()
    : mediaType;
}

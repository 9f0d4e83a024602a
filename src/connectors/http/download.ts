import { SendFailure } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { LookUpContext, Download } from '../contract/context.ts';
import type { HttpStream } from '../contract/http.ts';
import { answerFailure, failureOfStatus, type Meaning } from './answer.ts';
import { sendFailureOf } from './error.ts';
import { asLookUp } from './restated.ts';

export interface DownloadRequest {
  readonly url: string;
  /** Sent to the host of `url` alone: a redirect to another one goes there without them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Kept out of what is stored of an answer. */
  readonly secrets?: readonly string[];
  /** What a refusal means by this platform's rules; undefined where the status decides. */
  readonly meaningOf?: (status: number) => Meaning | undefined;
}

const maxRedirects = 3;
const maxRefusalBytes = 16 * 1_024;

/**
 * Asks for a file. Up to three redirects are followed, each to an address that is allowed by itself: stores of files hand
 * out signed addresses elsewhere, which are nobody else's business than the store's.
 * @throws SendFailure of any kind but `ambiguous`: nothing is changed by it.
 */
export async function download(request: DownloadRequest, context: Omit<LookUpContext, 'tokens'>): Promise<Download> {
  const { http, timeoutMs, signal } = context;
  const end = performance.now() + timeoutMs;
  let { url } = request;
  let headers = { ...request.headers };
  for (let redirects = 0; ; redirects += 1) {
    const left = Math.max(1, Math.floor(end - performance.now()));
    const all = { 'user-agent': 'Carillon', ...headers };
    const stream = await http.open({ url, headers: all, timeoutMs: left, signal }).catch((error: unknown) => {
      throw failureOf(error);
    });
    const next = redirects < maxRedirects ? redirectOf(stream, url) : undefined;
    if (next === undefined) return stream.status === 200 ? asDownload(stream) : refuse(stream, request, context);
    stream.drop();
    if (next.origin !== new URL(url).origin) headers = {};
    url = next.href;
  }
}

/** Whether a URL is of this host, or of one below it: only there do its credentials go. */
export function isOfHost(url: string, home: string): boolean {
  if (!URL.canParse(url) || !URL.canParse(home)) return false;
  const [one, other] = [new URL(url), new URL(home)];
  return one.protocol === other.protocol && (one.host === other.host || one.host.endsWith(`.${other.host}`));
}

/** Where a file cannot be had by anybody: it has no address, or one where its credentials may not go. */
export function notFetchable(code: ReasonCode, message: string): SendFailure {
  return new SendFailure({ kind: 'permanent', affects: 'message', code, message });
}

function redirectOf({ status, headers }: HttpStream, from: string): URL | undefined {
  const [location] = [headers['location'] ?? []].flat();
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  return URL.canParse(location, from) ? new URL(location, from) : undefined;
}

function asDownload({ headers, bytes, drop }: HttpStream): Download {
  const header = (name: string): string => [headers[name] ?? ''].flat()[0] ?? '';
  const [size, mediaType] = [header('content-length'), header('content-type').split(';')[0]?.trim().toLowerCase()];
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } catch (error) {
      throw failureOf(error);
    }
  }
  return {
    mediaType: mediaType === undefined || mediaType === '' ? 'application/octet-stream' : mediaType,
    ...(/^\d{1,15}$/.test(size) ? { size: Number(size) } : {}),
    bytes: read(),
    drop,
  };
}

async function refuse(
  { status, headers, bytes }: HttpStream,
  { secrets = [], meaningOf }: DownloadRequest,
  { now }: Pick<LookUpContext, 'now'>,
): Promise<never> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of bytes) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxRefusalBytes) break;
    }
  } catch {
    // The status came, and counts alone.
  }
  const answer = { status, headers, text: Buffer.concat(chunks).toString('utf8'), complete: size <= maxRefusalBytes };
  const meaning = meaningOf?.(status);
  throw asLookUp(
    meaning === undefined ? failureOfStatus(answer, now, secrets) : answerFailure(meaning, answer, now, secrets),
  );
}

/** That a file cannot be had speaks of that file alone, whoever it was asked from. */
const failureOf = (error: unknown): unknown => asLookUp(sendFailureOf(error));

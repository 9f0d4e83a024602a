import { SendFailure } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { LookUpContext, Download } from '../contract/context.ts';
import type { HttpStream } from '../contract/http.ts';
import { answerFailure, failureOfStatus, type Meaning } from './answer.ts';
import { sendFailureOf } from './error.ts';
import { asLookUp } from './restated.ts';

export interface DownloadRequest {
  readonly url: string;
  /** Sent only to the origin of `url`. A redirect to another origin is followed without them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Secrets to remove from the parts of an answer that are stored. */
  readonly secrets?: readonly string[];
  /** What a refusal means on this platform; undefined if the status alone decides. */
  readonly meaningOf?: (status: number) => Meaning | undefined;
}

const maxRedirects = 3;
const maxRefusalBytes = 16 * 1_024;

/**
 * Starts the download of a file. Up to three redirects are followed, and each target must pass the egress check.
 * Redirects are needed because file stores hand out signed addresses on other hosts.
 * @throws SendFailure of any kind but `ambiguous`, because a download changes nothing.
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

/** Whether a URL is on the host of `home` or on one of its subdomains. Credentials go only there. */
export function isOfHost(url: string, home: string): boolean {
  if (!URL.canParse(url) || !URL.canParse(home)) return false;
  const [one, other] = [new URL(url), new URL(home)];
  return one.protocol === other.protocol && (one.host === other.host || one.host.endsWith(`.${other.host}`));
}

/**
 * The failure for a file that cannot be downloaded at all, because it has no address, or has one to which credentials
 * must not be sent.
 */
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
    // The body broke off. The status is known, and it is enough to classify the refusal.
  }
  const answer = { status, headers, text: Buffer.concat(chunks).toString('utf8'), complete: size <= maxRefusalBytes };
  const meaning = meaningOf?.(status);
  throw asLookUp(
    meaning === undefined ? failureOfStatus(answer, now, secrets) : answerFailure(meaning, answer, now, secrets),
  );
}

/** A download is a look-up: losing its answer leaves nothing in doubt. */
const failureOf = (error: unknown): unknown => asLookUp(sendFailureOf(error));

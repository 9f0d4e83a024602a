import { usualClocks } from '../../domain/clocks.ts';
import { SendFailure, type FailureKind, type Affected } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { HttpResponse } from '../contract/http.ts';

const maxExcerpt = 500;

/**
 * The wait in milliseconds that an answer's `Retry-After` asks for, given as seconds or as an HTTP date (RFC 9110,
 * section 10.2.3). At most seven days. Undefined if there is no such header, it cannot be read, or its time is in the
 * past.
 */
export function retryAfterMs(headers: HttpResponse['headers'], now: Date): number | undefined {
  const header = headers['retry-after'];
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (text === undefined || text === '') return undefined;
  const wait = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1_000 : httpDate(text) - now.getTime();
  return wait > 0 ? Math.min(Math.ceil(wait), usualClocks.longestRetryAfterMs) : undefined;
}

/**
 * `Date.parse` also accepts texts such as `2024` or `-5`. All three forms of an HTTP date begin with the name of a day.
 */
function httpDate(text: string): number {
  return /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
}

/**
 * The first 500 characters of an answer, for an operator to read. Control and direction characters become spaces, and
 * our secrets, which a receiver may send back to us, are replaced.
 */
export function excerptOf(text: string, secrets: readonly string[]): string {
  // Replace secrets first. A PEM key contains line ends, so it would not be found after these are removed.
  let clean = text;
  for (const secret of secrets.flatMap(spellings)) clean = clean.replaceAll(secret, '[secret]');
  return clean
    .replaceAll(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu, ' ')
    .trim()
    .slice(0, maxExcerpt)
    .replace(/[\uD800-\uDBFF]$/, '');
}

/**
 * The ways in which an answer may spell a secret: as it is, without the prefix that names its kind, and as JSON and
 * URLs write it.
 */
function spellings(secret: string): string[] {
  const bare = secret.replace(/^whsec_/, '');
  return [secret, bare].flatMap((one) => [one, encodeURIComponent(one), JSON.stringify(one).slice(1, -1)]);
}

/**
 * What a status alone says about a request that was written.
 * - 408 and 5xx are ambiguous: a gateway may send them although its backend took the request.
 * - 409, 425 and 429 refuse the request for now.
 * - All other 3xx and 4xx, 410 included, refuse it for good. We do not follow redirects: a signed body goes only to the
 *   address for which it was made.
 */
export function kindOfStatus(status: number): FailureKind {
  if (status === 409 || status === 425 || status === 429) return 'transient';
  return status >= 300 && status < 500 && status !== 408 ? 'permanent' : 'ambiguous';
}

/** The code of a status. A 429 says what other platforms say in words, so it has the same code. */
export const codeOfStatus = (status: number): ReasonCode => (status === 429 ? 'throttled' : `http_${status}`);

/**
 * What an answer means for the delivery. If `affects` is missing, a permanent failure affects the message and any other
 * failure affects the destination.
 */
export interface Meaning {
  readonly kind: FailureKind;
  /** Stored as the reason. The platform's own words go only into the excerpt. */
  readonly code: ReasonCode;
  readonly affects?: Affected;
  /** See `SendFailureDetails`. */
  readonly isOfFormat?: boolean;
}

/**
 * The failure that the status of an answer alone stands for. `Retry-After` is honoured with every status. A 410 affects
 * the destination, because it means that the address is gone, probably for good (RFC 9110, section 15.5.11).
 */
export function failureOfStatus(response: HttpResponse, now: Date, secrets: readonly string[]): SendFailure {
  const { status } = response;
  const affects = status === 410 ? ({ affects: 'destination' } as const) : {};
  return answerFailure({ kind: kindOfStatus(status), code: codeOfStatus(status), ...affects }, response, now, secrets);
}

/**
 * The failure of an answer whose meaning is known. `Retry-After` is honoured, and the excerpt has the secrets removed.
 */
export function answerFailure(
  { code, ...meaning }: Meaning,
  response: HttpResponse,
  now: Date,
  secrets: readonly string[],
): SendFailure {
  const wait = retryAfterMs(response.headers, now);
  return new SendFailure({
    ...meaning,
    code,
    message: `answered with status ${response.status}: ${code}`,
    status: response.status,
    excerpt: excerptOf(response.text, secrets),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}

import { usualClocks } from '../../domain/clocks.ts';
import { SendFailure, type FailureKind, type Affected } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { HttpResponse } from '../contract/http.ts';

const maxExcerpt = 500;

/**
 * Milliseconds that an answer asks us to stay away: seconds or an HTTP date (RFC 9110, section 10.2.3). At most seven
 * days; undefined where there is none, where it lies in the past, and where it cannot be read.
 */
export function retryAfterMs(headers: HttpResponse['headers'], now: Date): number | undefined {
  const header = headers['retry-after'];
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (text === undefined || text === '') return undefined;
  const wait = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1_000 : httpDate(text) - now.getTime();
  return wait > 0 ? Math.min(Math.ceil(wait), usualClocks.longestRetryAfterMs) : undefined;
}

/** Date.parse also takes `2024` or `-5`; all three forms of an HTTP date begin with the name of a day. */
function httpDate(text: string): number {
  return /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
}

/**
 * The first bytes of an answer for an operator to read: without control and direction characters, and without our
 * secrets, which a receiver may send back to us.
 */
export function excerptOf(text: string, secrets: readonly string[]): string {
  // Secrets first: a key in PEM has line ends of its own, which would be gone.
  let clean = text;
  for (const secret of secrets.flatMap(spellings)) clean = clean.replaceAll(secret, '[secret]');
  return clean
    .replaceAll(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu, ' ')
    .trim()
    .slice(0, maxExcerpt)
    .replace(/[\uD800-\uDBFF]$/, '');
}

/** As it is, without the prefix that names its kind, and as JSON and URLs write it. */
function spellings(secret: string): string[] {
  const bare = secret.replace(/^whsec_/, '');
  return [secret, bare].flatMap((one) => [one, encodeURIComponent(one), JSON.stringify(one).slice(1, -1)]);
}

/**
 * What a status without further proof says about a request that was written.
 * - 408 and 5xx are ambiguous: a gateway may answer them while its backend took the request.
 * - 409, 425 and 429 refuse this request for now.
 * - All other 3xx and 4xx, 410 among them, refuse it for good. Redirects are refused by us: a signed body goes only
 *   where it was addressed to.
 */
export function kindOfStatus(status: number): FailureKind {
  if (status === 409 || status === 425 || status === 429) return 'transient';
  return status >= 300 && status < 500 && status !== 408 ? 'permanent' : 'ambiguous';
}

/** The code of a status. A 429 says what other platforms say in words, so it has the same code. */
export const codeOfStatus = (status: number): ReasonCode => (status === 429 ? 'throttled' : `http_${status}`);

/** What an answer means. Where `affects` is missing, it is the message where it is permanent, else the destination. */
export interface Meaning {
  readonly kind: FailureKind;
  /** Stored as the reason; the platform's own words go to the excerpt only. */
  readonly code: ReasonCode;
  readonly affects?: Affected;
  /** It speaks of how the message is written: see `SendFailureDetails`. */
  readonly isOfFormat?: boolean;
}

/**
 * The failure of an answer by its status alone. Retry-After counts on every status that is tried again. 410 speaks of
 * the place: it is gone, and likely for good (RFC 9110, section 15.5.11).
 */
export function failureOfStatus(response: HttpResponse, now: Date, secrets: readonly string[]): SendFailure {
  const { status } = response;
  const affects = status === 410 ? ({ affects: 'destination' } as const) : {};
  return answerFailure({ kind: kindOfStatus(status), code: codeOfStatus(status), ...affects }, response, now, secrets);
}

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

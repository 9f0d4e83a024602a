import { createHmac, timingSafeEqual } from 'node:crypto';
import type { HookRequest, Received, RefusalCode } from '../contract/inbound.ts';

/**
 * The largest difference between a signature's time and ours, in either direction. Slack and Standard Webhooks both ask
 * for 5 minutes.
 */
export const freshnessMs = 300_000;

type Refused = Extract<Received, { kind: 'refused' }>;

/** Refuses a request that is not genuine. The answer says nothing that would help to forge a better one. */
export function refuse(status: 400 | 401 | 403 | 404 | 405 | 415, code: RefusalCode, message: string): Refused {
  return { kind: 'refused', answer: { status, body: { error: code } }, code, message };
}

/** Compares in constant time for equal lengths, so that the time does not tell where the two differ. */
export function isSame(given: string | Buffer, expected: string | Buffer): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether `given` is the MAC under any of the secrets. Two secrets are active while one is being replaced. */
export function isSignedBy(
  given: string,
  secrets: readonly string[],
  sign: (secret: string) => string | Buffer,
): boolean {
  // Always try all secrets, so that the time does not tell which one matched.
  return secrets.map((secret) => isSame(given, sign(secret))).includes(true);
}

/** The HMAC of all parts together. */
export function hmac(
  algorithm: 'sha1' | 'sha256',
  secret: string | Buffer,
  encoding: 'hex' | 'base64',
  ...parts: readonly (string | Buffer)[]
): string {
  const mac = createHmac(algorithm, secret);
  for (const part of parts) mac.update(part);
  return mac.digest(encoding);
}

/**
 * Whether a header with Unix seconds is at most 5 minutes before or after now. An old request may be a replay, and a
 * request from the future could be replayed later.
 */
export function isFresh(seconds: string | undefined, now: Date): boolean {
  if (seconds === undefined || !/^\d{1,12}$/.test(seconds)) return false;
  return Math.abs(now.getTime() - Number(seconds) * 1_000) <= freshnessMs;
}

/** Parses the body of a genuine request as a JSON object. If it is not one, returns how to answer instead. */
export function readHookJson(
  request: HookRequest,
):
  | { readonly json: Readonly<Record<string, unknown>> }
  | { readonly not: Extract<Received, { kind: 'refused' | 'unreadable' }> } {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== '' && type !== 'application/json')
    return { not: refuse(415, 'bad_request', `the content type is ${JSON.stringify(type.slice(0, 100))}, not JSON`) };
  const unreadable = (message: string) => ({
    not: { kind: 'unreadable' as const, answer: { status: 200, body: {} }, message },
  });
  try {
    const json: unknown = JSON.parse(request.body.toString('utf8'));
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      return unreadable('the body is no JSON object');
    return { json: json as Readonly<Record<string, unknown>> };
  } catch {
    return unreadable('the body is not JSON');
  }
}

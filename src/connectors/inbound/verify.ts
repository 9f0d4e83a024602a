import { createHmac, timingSafeEqual } from 'node:crypto';
import type { HookRequest, Received, RefusalCode } from '../contract/inbound.ts';

/** A signature's time may be so far from ours, either way: what Slack asks for, and Standard Webhooks. */
export const freshnessMs = 300_000;

type Refused = Extract<Received, { kind: 'refused' }>;

/** What is answered to a request that is not genuine: nothing that helps to make a better one. */
export function refuse(status: 400 | 401 | 403 | 404 | 405 | 415, code: RefusalCode, message: string): Refused {
  return { kind: 'refused', answer: { status, body: { error: code } }, code, message };
}

/** Compares in a time that tells nothing of where the two differ. */
export function isSame(given: string | Buffer, expected: string | Buffer): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether `given` is the MAC under any of the secrets: while a secret is being changed there are two. */
export function isSignedBy(
  given: string,
  secrets: readonly string[],
  sign: (secret: string) => string | Buffer,
): boolean {
  // All are tried, so that the time does not say which one it was.
  return secrets.map((secret) => isSame(given, sign(secret))).includes(true);
}

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
 * Whether a header of Unix seconds lies near enough to now, both ways: an old one is a replay, one from the future would
 * be a replay later.
 */
export function isFresh(seconds: string | undefined, now: Date): boolean {
  if (seconds === undefined || !/^\d{1,12}$/.test(seconds)) return false;
  return Math.abs(now.getTime() - Number(seconds) * 1_000) <= freshnessMs;
}

/** A JSON object as it came, or what to do with a genuine request that holds none. */
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

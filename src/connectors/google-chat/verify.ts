import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import { freshnessMs, isSame, refuse } from '../inbound/verify.ts';
import type { HookRequest, ReceiveContext, Received } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { SigningKeysUnavailable } from '../inbound/signing-keys.ts';
import type { KeySource } from '../contract/signing-keys.ts';
import { googleChatSettings } from './settings.ts';

type Refused = Extract<Received, { kind: 'refused' }>;
/** The sender of a request: Google Chat itself, or Pub/Sub, which pushes Workspace Events. */
export type Source = 'chat' | 'push';

/** One way in which a genuine request may be signed. */
interface Way {
  readonly source: Source;
  readonly issuers: readonly string[];
  readonly audience: string;
  readonly keys: KeySource;
  /** The account that the token's `email` claim must name; undefined if the issuer already names the account. */
  readonly email?: string;
}

/**
 * An ID token names its issuer in one of these two forms (developers.google.com/identity, "Verify the Google ID
 * token").
 */
const google = ['https://accounts.google.com', 'accounts.google.com'];
const maxToken = 8_192;

/**
 * Verifies that Google Chat or Pub/Sub sent the request, by the JWT in `Authorization: Bearer`
 * (developers.google.com/workspace/chat, "Verify requests from Google Chat"; cloud.google.com/pubsub/docs,
 * "Authentication for push subscriptions"). The token does not cover the body.
 */
export async function verify(
  { headers }: HookRequest,
  connection: HookConnection,
  { now, keys }: ReceiveContext,
): Promise<{ readonly source: Source } | Refused> {
  const token = /^Bearer ([\w.-]+)$/i.exec(headers['authorization'] ?? '')?.[1];
  if (token === undefined || token.length > maxToken)
    return refuse(401, 'missing_signature', 'the request has no bearer token');
  const ways = waysOf(connection);
  const [claims, kid] = unverified(token);
  const way = ways.find((one) => isMeant(one, claims));
  if (way === undefined || kid === undefined)
    return refuse(401, 'bad_signature', 'the token is of another issuer, audience or account');
  try {
    const published = await keys.find(way.keys, kid);
    if (published === undefined)
      return refuse(401, 'bad_signature', 'the token is signed with a key that is not known');
    const { payload } = await jwtVerify(token, published.key, {
      algorithms: ['RS256'],
      issuer: [...way.issuers],
      audience: way.audience,
      clockTolerance: freshnessMs / 1_000,
      currentDate: now,
      requiredClaims: ['exp', 'iat'],
    });
    if (!isMeant(way, payload)) return refuse(401, 'bad_signature', 'the token is of another account');
    if ((payload.iat ?? 0) * 1_000 > now.getTime() + freshnessMs)
      return refuse(401, 'stale', 'the token is from the future');
    return { source: way.source };
  } catch (error) {
    if (error instanceof SigningKeysUnavailable)
      return {
        kind: 'refused',
        answer: { status: 503, body: { error: 'keys_unavailable' } },
        code: 'keys_unavailable',
        message: error.message,
      };
    if (error instanceof errors.JWTExpired) return refuse(401, 'stale', 'the token has expired');
    if (error instanceof errors.JOSEError) return refuse(401, 'bad_signature', `the token is not good: ${error.code}`);
    throw error;
  }
}

function waysOf({ settings }: HookConnection): Way[] {
  const text = (key: string): string => readText(googleChatSettings, settings, key);
  const [audience, pushAudience, pushAccount] = ['audience', 'pushAudience', 'pushServiceAccount'].map((key) => {
    const value = settings[key];
    return typeof value === 'string' && value !== '' ? value : undefined;
  });
  const oidc: KeySource = { url: text('oidcKeysUrl'), form: 'jwks' };
  const ways: Way[] = [];
  if (audience !== undefined)
    ways.push(
      /^\d+$/.test(audience)
        ? { source: 'chat', issuers: [text('signer')], audience, keys: { url: text('chatCertsUrl'), form: 'x509' } }
        : { source: 'chat', issuers: google, audience, keys: oidc, email: text('signer') },
    );
  if (pushAudience !== undefined && pushAccount !== undefined)
    ways.push({ source: 'push', issuers: google, audience: pushAudience, keys: oidc, email: pushAccount });
  return ways;
}

/**
 * Whether a token claims to be of this kind. Both kinds may have the same audience; the account then distinguishes
 * them.
 */
function isMeant({ issuers, audience, email }: Way, claims: JWTPayload | undefined): boolean {
  if (claims === undefined || !issuers.includes(String(claims.iss))) return false;
  if (![claims.aud].flat().includes(audience)) return false;
  if (email === undefined) return true;
  const verified = claims['email_verified'];
  return isSame(String(claims['email']), email) && (verified === true || verified === 'true');
}

/** Decodes a token only to choose the key. Nothing in it is trusted before it is verified. */
function unverified(token: string): [JWTPayload | undefined, string | undefined] {
  try {
    return [decodeJwt(token), decodeProtectedHeader(token).kid];
  } catch {
    // The token is not a JWT, so it cannot be genuine.
    return [undefined, undefined];
  }
}

import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import { readText } from '../contract/fields.ts';
import { freshnessMs, refuse } from '../inbound/verify.ts';
import { listAt, textAt } from '../http/json-path.ts';
import type { ReceiveContext, Received } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { SigningKeysUnavailable } from '../inbound/signing-keys.ts';
import type { PublishedKey } from '../contract/signing-keys.ts';
import { teamsSettings } from './settings.ts';

const issuer = 'https://api.botframework.com';
/** The algorithms that botframework-connector 4.23 accepts (AuthenticationConstants). */
const algorithms = ['RS256', 'RS384', 'RS512'];

type Refused = Extract<Received, { kind: 'refused' }>;

/** A verified token. `vouchesFor` must still compare it with the activity. */
export interface TokenProof {
  readonly claims: JWTPayload;
  readonly key: PublishedKey;
}

/**
 * Verifies the Bot Framework's token of a request (bot-docs, "Authenticate requests from the Bot Connector service"):
 * issuer, audience, times with a tolerance of five minutes, and the signature by a published key.
 */
export async function verifyToken(
  token: string,
  { settings }: HookConnection,
  { keys, now }: ReceiveContext,
): Promise<TokenProof | { readonly not: Refused }> {
  const bad = (message: string) => ({ not: refuse(401, 'bad_signature', message) });
  const kid = keyIdOf(token);
  if (kid === undefined) return bad('the token names no key');
  try {
    const key = await keys.find({ url: readText(teamsSettings, settings, 'openIdUrl'), form: 'openid' }, kid);
    if (key === undefined) return bad('the token is signed with a key that nobody published');
    const { payload } = await jwtVerify(token, key.key, {
      issuer,
      audience: readText(teamsSettings, settings, 'appId'),
      algorithms,
      requiredClaims: ['exp'],
      clockTolerance: freshnessMs / 1_000,
      currentDate: now,
    });
    return { claims: payload, key };
  } catch (error) {
    if (error instanceof SigningKeysUnavailable) return { not: unavailable(error) };
    const isUntimely =
      error instanceof errors.JWTExpired ||
      (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf' && error.reason === 'check_failed');
    if (isUntimely) return { not: refuse(401, 'stale', 'the token is not valid at this time') };
    if (error instanceof errors.JOSEError) return bad(`the token is not genuine: ${error.code}`);
    // For example, the key is of another type than the token's algorithm needs.
    if (error instanceof TypeError) return bad('the token does not fit its key');
    throw error;
  }
}

/** Checks that the token is for this activity: its channel and its service URL. Returns the refusal if it is not. */
export function vouchesFor({ claims, key }: TokenProof, activity: unknown): Refused | undefined {
  const channel = textAt(activity, 'channelId');
  if (channel === undefined || !listAt(key.jwk, 'endorsements').includes(channel))
    return refuse(401, 'bad_signature', 'the key is not endorsed for the channel of the activity');
  const claimed = textAt(claims, 'serviceurl');
  return claimed !== undefined && claimed === textAt(activity, 'serviceUrl')
    ? undefined
    : refuse(401, 'bad_signature', 'the token is of another service URL than the activity');
}

function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    // The text is not a token. A stranger may send anything.
    return undefined;
  }
}

/** Answers 503, so that the request is repeated when the keys may be available. */
function unavailable({ message }: Error): Refused {
  const code = 'keys_unavailable';
  return { kind: 'refused', answer: { status: 503, body: { error: code } }, code, message };
}

import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { Decision, SimulatedRequest } from '../kit/simulator.ts';
import type { TeamsEvent } from './posts.ts';

/** The key with which the Bot Framework signs its activities, and its public form. */
export interface Identity {
  readonly kid: string;
  readonly key: KeyObject;
  readonly jwk: object;
}

const issuer = 'https://api.botframework.com';
const lifeSeconds = 3_600;
const botScope = 'https://api.botframework.com/.default';

export function createIdentity(): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const kid = 'simulated-1';
  // Each key names the channels for which it may sign (bot-docs, "Authenticate requests from the Bot Connector
  // service").
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256', endorsements: ['msteams'] };
  return { kid, key: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })), jwk };
}

/** Answers with the discovery document or the public keys. Returns undefined for any other path. */
export function publish({ path, headers }: SimulatedRequest, { jwk }: Identity): Decision<TeamsEvent> | undefined {
  const keysPath = '/openid/keys';
  if (path === keysPath) return { answer: { status: 200, body: { keys: [jwk] } } };
  if (path !== '/openid/openidconfiguration') return undefined;
  const jwksUri = `http://${headers['host'] ?? 'localhost'}/msteams${keysPath}`;
  const algorithms = ['RS256'];
  const body = { issuer, jwks_uri: jwksUri, id_token_signing_alg_values_supported: algorithms };
  return { answer: { status: 200, body } };
}

/** Returns a token for one activity: RS256, valid for 5 minutes (bot-docs, the same page). */
export function signToken(
  { kid, key }: Identity,
  { appId, serviceUrl, now }: { appId: string; serviceUrl: string; now: Date },
): string {
  const seconds = Math.floor(now.getTime() / 1_000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { serviceurl: serviceUrl, nbf: seconds, exp: seconds + 300, iss: issuer, aud: appId };
  const head = `${part({ alg: 'RS256', kid, typ: 'JWT' })}.${part(claims)}`;
  return `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`;
}

/**
 * Issues a token for client credentials (bot-docs, "Authentication with the Bot Connector API"). The secret `wrong` is
 * refused as Entra refuses it. A token contains its generation, so that the control `revoke` can end all tokens at
 * once.
 */
export function issueToken({ body }: SimulatedRequest, generation: number): Decision<TeamsEvent> {
  const form = new URLSearchParams(body.toString('utf8'));
  const refusal = (error: string): Decision<TeamsEvent> => ({
    answer: { status: error === 'invalid_client' ? 401 : 400, body: { error, error_description: error } },
  });
  if (form.get('grant_type') !== 'client_credentials') return refusal('unsupported_grant_type');
  const scope = form.get('scope') ?? '';
  if (!/^https?:\/\/[^/]+\/\.default$/.test(scope)) return refusal('invalid_scope');
  const [id, secret] = [form.get('client_id'), form.get('client_secret')];
  if (id === null || secret === null || secret === '' || secret === 'wrong') return refusal('invalid_client');
  // A token for the Bot Connector does not open Graph, and a token for Graph does not open the Bot Connector.
  const audience = scope === botScope ? 'sim' : 'graph';
  const token = { token_type: 'Bearer', expires_in: lifeSeconds, access_token: `${audience}.${generation}.${id}` };
  return { answer: { status: 200, body: token } };
}

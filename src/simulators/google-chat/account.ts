import { createPublicKey, verify } from 'node:crypto';
import type { Decision, SimulatedRequest } from '../kit/simulator.ts';
import { ControlError, controlBody } from '../kit/control-body.ts';
import { peopleOn, type PersonKey } from '../kit/rooms.ts';

/** The people of the simulated organization. */
export const people = peopleOn('google-chat');

/**
 * The one service account of the simulated project. Its key opens nothing but this simulator; it is here so that a user
 * who tries Carillon has a key.
 */
export const account = {
  email: 'carillon@simulated.iam.gserviceaccount.com',
  privateKey: `-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCChnWFz2DosXpS
slE2b1K9px/KvfTL/uGK9CQKSwQXL87Ta5DKFQdp2OHUka6/b950TtmE2wPaH3KM
3QBMbsWQ9TDGiKhOvIatabwo0euDJDywjGIzk28sJJ9Cf3PUd529XRN8Qq+QLk4S
t4PRV3w7pDFpd/PCcu7Zhd1UiCTIcuuzTRJK5Fn9o9fPHOsm4HbVn7pkQpECWHiu
Q7MEBb1TCfacYbBYbe1c1irVr1ZNJnpBSRvbvAQK4+sYVH8VNJ6cTbLYPG15IsHU
sc2YHvapfi2RzgyazTkVTxB5396R5T17K5V5jtof2r4NL1sLKb6jtyke5BF40HE6
LJRpWP5JAgMBAAECggEABlY8UOuFRy7Mo0SsfDHR6Mq7GKb5wkikzw/0yvoi3/RO
fIWxoRn9wuYIar9K5ljqSifE2DYg3P9fWpblK5DKLzQ0MsNSNoZhHHywaaPtZO/G
sYSTRPFAuboqcDpLV5KaGiYxarw7FUsmN7Lop6pxadzaGEZ+U1+smGtvGCpG7ONT
rbCBGubT+RSVtCIZlGn+gQ7WNuH/y1WwoA+QizzofsKgmTHhxWhT/riKMKOUZOwx
UrujzUnTrOXvmxgP0neLZkFMzctFnVm6zsIBQQoI9j+1p6d9do6Uxj/vG1ZR4hWa
e7pyZeS99iQeOoclve5Cv9x+TpZsKoR1OVj74GZUHQKBgQC3+AsQ7LpBKk9VftrG
SPLS+8/E5oBKEgzz9TmYXLr2bfc9cHxG8lZi8tms2/bz6WyKSypAMZheJ/DLutUE
94639Grky93uMRx8aqYOvLbEXXICuVCkMe2ECq/RmKoixUU1BPN3pZu4ZJQP8ScN
1Q0hdXyxrlSNSgB7LJbP46fdvQKBgQC1oYlZQa/4crwOjk7W4YsBCcIttt4U3cps
6CxPkjIT0e8m2ej+r+KGsFhDOeJ2LqgdtVBbiiWAX+SzL5Uq3IwlEVn61hLK8WxM
5d32ptgYNJ7Fawi2guYTtwdUqYnLngATTAtUu9x0Oz1RMBjGIn/tC9pYS6v/nJGB
cY79t72tfQKBgCMWAG5K577T5euFVQ4qDX2lntuLpn358VR5uXFQhivHjza9hEY3
o7gdXtxz2yZrp1K8wSMbElcqwObqDAR1flehGt3l776kyS0FXgRDg4vx0nOoijO2
ffkH3L5ZomEdRHS3LAPupsNFE2Py9yLRNj7iXFS6zc9ghLT5LQ4a+gH1AoGAcxYV
515919krW7XEMtfash+y0DCM63/VYciDOzARVwmwlVeCEM71pA5c/svQuL27fIeE
kVwpgvw/92HxDKWOj3Y9I3k9kyYCT39fc4goaL3+1GyLqsmqa1eP5489Zq2IsrF+
hIQ8ndFjeuwU5oa5tEPMaCIaq+5TLEf+KLmiECkCgYEAmwEeFd1uMwTPLQWmBRyg
Incd0dXYkS7l+GBCTewuXQu2f8HV08n6qGYA2nPfpB1QycK/iEujw9mUC/vflhPS
JU11HxzZHZppAX+/Wj7c7KApc7ca4mLaM/Qh3ywhLoSxt8tvW0lFgPKDiDbGsaeK
jD6SAEd9xO5uZS5rSSexzz4=
-----END PRIVATE KEY-----
`,
} as const;

const publicKey = createPublicKey(account.privateKey);
const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const appScope = 'https://www.googleapis.com/auth/chat.bot';
/** What the organization's administrator lets the account do as a person ("domain-wide delegation"). */
const delegated = ['chat.messages.readonly', 'chat.messages.reactions.readonly'].map(
  (one) => `https://www.googleapis.com/auth/${one}`,
);
const lifeMs = 3_600_000;

/** A token that was issued before `validFromMs` (milliseconds since 1970) is revoked. */
export interface TokenRules {
  validFromMs: number;
}

/** `{}`: every token that was issued before this moment is refused from now on. */
export function revokeControl(rules: TokenRules): (body: unknown) => object {
  return (body) => {
    controlBody(body);
    rules.validFromMs = Date.now();
    return { validFromMs: rules.validFromMs };
  };
}

/** Issues a token for a signed assertion (RFC 7523, section 2.1; refusals: RFC 6749, section 5.2). */
export function token({ body, now }: SimulatedRequest): Decision<never> {
  const form = new URLSearchParams(body.toString('utf8'));
  const refused = (error: string, description: string): Decision<never> => ({
    answer: { status: 400, body: { error, error_description: description } },
  });
  if (form.get('grant_type') !== grant) return refused('unsupported_grant_type', 'Invalid grant_type');
  const problem = check(form.get('assertion') ?? '', now);
  if (problem !== undefined) return refused(problem === 'scope' ? 'invalid_scope' : 'invalid_grant', problem);
  const person = personOf(form.get('assertion') ?? '');
  const access = `ya29.${now.getTime()}${person === undefined ? '' : `.${person}`}`;
  return { answer: { status: 200, body: { access_token: access, expires_in: lifeMs / 1_000, token_type: 'Bearer' } } };
}

/**
 * Returns what is wrong with an assertion, if anything. It must live for at most an hour and name the token's address
 * as its audience.
 */
function check(assertion: string, now: Date): string | undefined {
  const [head = '', payload = '', signature = ''] = assertion.split('.');
  const header = json(head);
  const claims = json(payload);
  if (header?.['alg'] !== 'RS256') return 'Invalid JWT: alg';
  if (!verify('sha256', Buffer.from(`${head}.${payload}`), publicKey, Buffer.from(signature, 'base64url')))
    return 'Invalid JWT Signature.';
  const { iss, aud, exp, iat, scope: asked } = claims ?? {};
  if (iss !== account.email) return 'Invalid grant: account not found';
  if (typeof aud !== 'string' || !aud.endsWith('/google-chat/token')) return 'Invalid JWT: aud';
  const seconds = now.getTime() / 1_000;
  if (typeof exp !== 'number' || typeof iat !== 'number' || exp <= seconds || exp - iat > 3_600 || iat > seconds + 300)
    return 'Invalid JWT: Token must be a short-lived token (60 minutes)';
  const scopes = String(asked).split(' ');
  if (claims?.['sub'] === undefined || claims['sub'] === iss) return scopes.includes(appScope) ? undefined : 'scope';
  if (personOf(assertion) === undefined) return 'Invalid email or User ID';
  return scopes.every((one) => delegated.includes(one)) ? undefined : 'scope';
}

/** The person as whom the account acts; undefined when it acts as itself. */
function personOf(assertion: string): PersonKey | undefined {
  const sub = json(assertion.split('.')[1] ?? '')?.['sub'];
  return (Object.keys(people) as PersonKey[]).find((key) => people[key].email === sub);
}

/** Whether the request's token lets the account act as a person. */
export const isOfPerson = ({ headers }: SimulatedRequest): boolean =>
  /^Bearer ya29\.\d+\.\w+$/.test(headers['authorization'] ?? '');

/** Whether the request has a token that was issued here, is not revoked and is at most an hour old. */
export function isAuthorized({ headers, now }: SimulatedRequest, { validFromMs }: TokenRules): boolean {
  const issued = Number(/^Bearer ya29\.(\d+)(?:\.\w+)?$/.exec(headers['authorization'] ?? '')?.[1] ?? Number.NaN);
  return issued > validFromMs && now.getTime() < issued + lifeMs;
}

function json(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Readonly<Record<string, unknown>>;
  } catch {
    // The assertion is no JWT. The caller refuses it.
    return undefined;
  }
}

/**
 * `POST /_sim/google-chat/account` with `{}`: returns the service account, as Google returns one when it is created.
 */
export function accountControl(body: unknown): object {
  if (Object.keys(controlBody(body)).length > 0) throw new ControlError('', 'must be empty');
  return { serviceAccount: account.email, privateKey: account.privateKey };
}

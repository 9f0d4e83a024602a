import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { SendFailure } from '../../domain/failure.ts';
import { withToken, type TokenRequest } from '../http/bearer.ts';
import type { LookUpContext, Target, Download } from '../contract/context.ts';
import { download } from '../http/download.ts';
import { readText } from '../contract/fields.ts';
import type { HttpRequest } from '../contract/http.ts';
import { callJson, type JsonAnswer } from '../http/json-call.ts';
import { secretTexts } from '../contract/secrets.ts';
import { meaningOf } from './errors.ts';
import { googleChatSettings } from './settings.ts';

/** For acting as the app (developers.google.com/workspace/chat, "Authenticate as a Chat app"). */
const appScope = 'https://www.googleapis.com/auth/chat.bot';
/**
 * For reading and subscribing as a person (spaces.spaceEvents.list and subscriptions.create, "Authorization scopes").
 */
const readScope =
  'https://www.googleapis.com/auth/chat.messages.readonly https://www.googleapis.com/auth/chat.messages.reactions.readonly';
const lifeSeconds = 3_600;
/** The answer to a post contains its text up to three times, as JSON. */
const maxAnswerBytes = 512 * 1_024;
const maxListBytes = 16 * 1_024 * 1_024;

export interface ChatCall {
  /** `events` for the Workspace Events API; absent for the Chat API. */
  readonly api?: 'events';
  readonly method: HttpRequest['method'];
  /** The path below the base URL, with its query. */
  readonly path: string;
  readonly body?: object;
  /** Whether the answer counts as success. The default is any 2xx. */
  readonly isAgreed?: (status: number, json: unknown) => boolean;
  /** Set for calls that Google allows only to people. They are made as the person in `historyUser`. */
  readonly asPerson?: true;
}

/**
 * Makes one call of either API, as the app or as a person.
 * @throws SendFailure by the table in `errors.ts`; permanent for the connection if Google refuses the service account.
 */
export async function callChat(
  { api, method, path, body, isAgreed, asPerson }: ChatCall,
  { settings }: Target['connection'],
  context: LookUpContext,
): Promise<JsonAnswer> {
  const base = readText(googleChatSettings, settings, api === 'events' ? 'eventsUrl' : 'baseUrl').replace(/\/*$/, '');
  const request = await tokenRequest(settings, context.now, asPerson);
  return withToken(request, context, (token, rest) =>
    callJson(
      {
        method,
        url: `${base}/${path}`,
        headers: { authorization: `Bearer ${token}` },
        maxResponseBytes: asPerson === true ? maxListBytes : maxAnswerBytes,
        ...(body === undefined ? {} : { body }),
      },
      rest,
      {
        secrets: [...request.secrets, token],
        meaningOf: (status, json) => meaningOf(status, json, method === 'POST'),
        ...(isAgreed === undefined ? {} : { isAgreed }),
      },
    ),
  );
}

/** Downloads an uploaded file by the name of its resource. */
export async function downloadMedia(
  resource: string,
  { settings }: Target['connection'],
  context: LookUpContext,
): Promise<Download> {
  const base = readText(googleChatSettings, settings, 'baseUrl').replace(/\/*$/, '');
  const url = `${base}/media/${resource.split('/').map(encodeURIComponent).join('/')}?alt=media`;
  const request = await tokenRequest(settings, context.now);
  return withToken(request, context, (token) =>
    download({ url, headers: { authorization: `Bearer ${token}` }, secrets: [...request.secrets, token] }, context),
  );
}

/** Obtains an access token unless one is cached. */
export async function getToken({ settings }: Target['connection'], context: LookUpContext): Promise<void> {
  await withToken(await tokenRequest(settings, context.now), context, async () => undefined);
}

/**
 * A JWT bearer grant (RFC 7523, section 2.1; developers.google.com/identity/protocols/oauth2/service-account). The
 * assertion contains the time and so differs in each request; `credentials` says on what the token depends.
 */
async function tokenRequest(
  settings: Target['connection']['settings'],
  now: Date,
  asPerson?: true,
): Promise<TokenRequest> {
  const url = readText(googleChatSettings, settings, 'tokenUrl');
  const account = readText(googleChatSettings, settings, 'serviceAccount');
  const pem = readText(googleChatSettings, settings, 'privateKey');
  const [subject, scope] = asPerson === true ? [String(settings['historyUser']), readScope] : [account, appScope];
  const at = Math.floor(now.getTime() / 1_000);
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(account)
    .setSubject(subject)
    .setAudience(url)
    .setIssuedAt(at)
    .setExpirationTime(at + lifeSeconds)
    .sign(readKey(pem));
  return {
    url,
    form: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion },
    credentials: [url, account, pem, subject, scope],
    secrets: [...secretTexts(googleChatSettings, settings), assertion],
  };
}

/** @throws SendFailure permanent for the connection if the key is unusable, because only an operator can replace it. */
function readKey(pem: string): KeyObject {
  const refused = (message: string): SendFailure =>
    new SendFailure({ kind: 'permanent', affects: 'connection', code: 'invalid_private_key', message });
  let key: KeyObject;
  try {
    // A key that was copied by hand out of the JSON file contains `\n` as two characters.
    key = createPrivateKey(pem.replaceAll('\\n', '\n'));
  } catch {
    // The cause is dropped, because its message may quote the key.
    throw refused('the private key cannot be read');
  }
  if (key.asymmetricKeyType !== 'rsa') throw refused('the private key is not an RSA key');
  return key;
}

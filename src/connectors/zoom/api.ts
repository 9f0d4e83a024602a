import type { ActionKind } from '../contract/connector.ts';
import type { LookUpContext, Target, Download } from '../contract/context.ts';
import { withToken, type TokenRequest } from '../http/bearer.ts';
import { download } from '../http/download.ts';
import { readText } from '../contract/fields.ts';
import { at } from '../http/json-path.ts';
import { callJson, type JsonAnswer, type JsonCall } from '../http/json-call.ts';
import { secretTexts } from '../contract/secrets.ts';
import { meaningOf } from './errors.ts';
import { zoomSettings } from './settings.ts';

export interface ZoomCall {
  readonly method: JsonCall['method'];
  /** The path below the base URL, with its query. */
  readonly path: string;
  readonly body?: object;
  readonly upload?: NonNullable<JsonCall['upload']>;
  /** The setting that contains the base URL; the default is the API's. */
  readonly base?: 'baseUrl' | 'fileUrl';
  /** What the call is for. The meaning of some error codes depends on it. */
  readonly purpose: ActionKind | 'look-up';
  /** Histories are longer than the answer to a post. Undefined means the client's default. */
  readonly maxResponseBytes?: number;
}

/**
 * Calls the API as the app, and requests an access token if none is cached (developers.zoom.us, "Server-to-server
 * OAuth").
 * @returns the answer, which has a 2xx.
 * @throws SendFailure.
 */
export async function callZoom(
  { purpose, path, base: where = 'baseUrl', ...call }: ZoomCall,
  { settings }: Target['connection'],
  context: LookUpContext,
): Promise<JsonAnswer> {
  const base = readText(zoomSettings, settings, where).replace(/\/*$/, '');
  const secrets = secretTexts(zoomSettings, settings);
  return withToken(tokenRequest(settings, secrets), context, (token, rest) =>
    callJson({ ...call, url: `${base}/${path}`, headers: { authorization: `Bearer ${token}` } }, rest, {
      secrets: [...secrets, token],
      meaningOf: (status, answer) => {
        const code = at(answer, 'code');
        return meaningOf(typeof code === 'number' ? code : undefined, status, purpose);
      },
    }),
  );
}

/** Downloads a file from its complete URL. */
export async function downloadZoom(
  url: string,
  { settings }: Target['connection'],
  context: LookUpContext,
): Promise<Download> {
  const secrets = secretTexts(zoomSettings, settings);
  return withToken(tokenRequest(settings, secrets), context, (token) =>
    download({ url, headers: { authorization: `Bearer ${token}` }, secrets: [...secrets, token] }, context),
  );
}

/** The path of the messages of the user that we post as, or of one of them. */
export function messagesPath({ settings }: Target['connection'], id?: string): string {
  const user = encodeURIComponent(readText(zoomSettings, settings, 'user'));
  return `chat/users/${user}/messages${id === undefined ? '' : `/${encodeURIComponent(id)}`}`;
}

function tokenRequest(settings: Target['connection']['settings'], secrets: readonly string[]): TokenRequest {
  const [client, secret] = [
    readText(zoomSettings, settings, 'clientId'),
    readText(zoomSettings, settings, 'clientSecret'),
  ];
  const basic = Buffer.from(`${client}:${secret}`).toString('base64');
  return {
    url: readText(zoomSettings, settings, 'tokenUrl'),
    form: { grant_type: 'account_credentials', account_id: readText(zoomSettings, settings, 'accountId') },
    headers: { authorization: `Basic ${basic}` },
    secrets: [...secrets, basic],
  };
}

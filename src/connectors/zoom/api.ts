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

/** One call of the API. */
export interface ZoomCall {
  readonly method: JsonCall['method'];
  /** Below the base URL, with its query. */
  readonly path: string;
  readonly body?: object;
  readonly upload?: NonNullable<JsonCall['upload']>;
  /** Where it goes; the API where nothing is said. */
  readonly base?: 'baseUrl' | 'fileUrl';
  /** What is refused where it is refused. */
  readonly purpose: ActionKind | 'look-up';
  /** Histories are longer than an answer to a post; undefined for the client's own limit. */
  readonly maxResponseBytes?: number;
}

/**
 * Calls the API as the app, with a token that is obtained where none is kept (developers.zoom.us, "Server-to-server
 * OAuth").
 * @returns any 2xx.
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

/** A file, by its whole address. */
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

/** The messages of the user that we post as, or one of them, as a path. */
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

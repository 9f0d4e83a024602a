import type { ActionKind } from '../contract/connector.ts';
import type { LookUpContext, Target, Values } from '../contract/context.ts';
import { withToken } from '../http/bearer.ts';
import type { TokenRequest } from '../http/bearer.ts';
import { readText } from '../contract/fields.ts';
import { at, textAt } from '../http/json-path.ts';
import { callJson, type JsonAnswer } from '../http/json-call.ts';
import { secretTexts } from '../contract/secrets.ts';
import { meaningOf } from './errors.ts';
import { teamsSettings } from './settings.ts';

/** One call of the bot connector. */
export interface TeamsCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The path below the service URL, without a leading slash. */
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface CallRules {
  readonly action: ActionKind;
  /** Whether an answer with a 2xx is what was asked for. The default is yes. */
  readonly isAgreed?: (answer: unknown) => boolean;
  /** Undefined means the client's default. */
  readonly maxResponseBytes?: number;
}

/** Requests a token with the app's client credentials (bot-docs, "Authentication with the Bot Connector API"). */
function tokenRequest(settings: Values): TokenRequest {
  const base = readText(teamsSettings, settings, 'tokenUrl').replace(/\/*$/, '');
  return {
    url: `${base}/${readText(teamsSettings, settings, 'tenant')}/oauth2/v2.0/token`,
    form: {
      grant_type: 'client_credentials',
      client_id: readText(teamsSettings, settings, 'appId'),
      client_secret: readText(teamsSettings, settings, 'appPassword'),
      scope: 'https://api.botframework.com/.default',
    },
    secrets: secretTexts(teamsSettings, settings),
  };
}

/** Obtains a token in advance, so that the next send makes only one call. */
export async function obtainToken(settings: Values, context: LookUpContext): Promise<void> {
  await withToken(tokenRequest(settings), context, async () => undefined);
}

/** The service URL of the destination, or else of the connection. */
export function serviceUrlOf({ connection, destination }: Target): string {
  const own = destination.address['serviceUrl'];
  return typeof own === 'string' ? own : readText(teamsSettings, connection.settings, 'serviceUrl');
}

/**
 * Calls the bot connector with an access token. A token that is refused is renewed once.
 * @throws SendFailure by the table in `errors.ts`.
 */
export async function callTeams(
  { method, path, body, headers }: TeamsCall,
  { serviceUrl, settings }: { serviceUrl: string; settings: Values },
  context: LookUpContext,
  { action, isAgreed, maxResponseBytes }: CallRules,
): Promise<JsonAnswer> {
  const request = tokenRequest(settings);
  return withToken(request, context, (token, rest) =>
    callJson(
      {
        method,
        url: `${serviceUrl.replace(/\/*$/, '')}/${path}`,
        headers: { ...headers, authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body }),
        ...(maxResponseBytes === undefined ? {} : { maxResponseBytes }),
      },
      rest,
      {
        secrets: [...request.secrets, token],
        isAgreed: (status, answer) => status >= 200 && status < 300 && (isAgreed?.(answer) ?? true),
        meaningOf: (status, answer) => meaningOf(textAt(at(answer, 'error'), 'code'), status, action),
      },
    ),
  );
}

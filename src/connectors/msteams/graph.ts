import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext, Values } from '../contract/context.ts';
import { withToken } from '../http/bearer.ts';
import { readText } from '../contract/fields.ts';
import { at, textAt } from '../http/json-path.ts';
import type { Meaning } from '../http/answer.ts';
import { callJson, type JsonCall } from '../http/json-call.ts';
import { secretTexts } from '../contract/secrets.ts';
import { teamsSettings } from './settings.ts';

/** Whether the app may call Microsoft Graph. Its tokens are for one tenant, so `graphTenant` must be set. */
export const hasGraph = (settings: Values): boolean => typeof settings['graphTenant'] === 'string';

/** The URL of Graph with exactly one slash at its end. */
export function graphUrlOf(settings: Values): string {
  return `${readText(teamsSettings, settings, 'graphUrl').replace(/\/*$/, '')}/`;
}

/**
 * Makes a `GET` as the app (learn.microsoft.com/graph, "Get access without a user").
 * @param url must be below `graphUrlOf`, because the request carries the token.
 * @throws SendFailure of any kind.
 */
export async function getFromGraph(
  url: string,
  { settings, maxResponseBytes }: { settings: Values; maxResponseBytes: number },
  context: LookUpContext,
): Promise<unknown> {
  return callGraph({ method: 'GET', url, maxResponseBytes }, settings, context);
}

/** Like `getFromGraph`, for calls that change something. */
export async function callGraph(
  call: Omit<JsonCall, 'headers'>,
  settings: Values,
  context: LookUpContext,
): Promise<unknown> {
  if (!call.url.startsWith(graphUrlOf(settings)))
    throw new SendFailure({ kind: 'permanent', code: 'strange_page', message: 'the next page is on another server' });
  const base = readText(teamsSettings, settings, 'tokenUrl').replace(/\/*$/, '');
  const secrets = secretTexts(teamsSettings, settings);
  const request = {
    url: `${base}/${readText(teamsSettings, settings, 'graphTenant')}/oauth2/v2.0/token`,
    form: {
      grant_type: 'client_credentials',
      client_id: readText(teamsSettings, settings, 'appId'),
      client_secret: readText(teamsSettings, settings, 'appPassword'),
      scope: new URL('/.default', graphUrlOf(settings)).href,
    },
    secrets,
  };
  return withToken(request, context, async (token, rest) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await callJson({ ...call, headers }, rest, { secrets: [...secrets, token], meaningOf })).json;
  });
}

/** The meaning of a refusal (learn.microsoft.com/graph, "Error responses and resource types", "Throttling"). */
function meaningOf(status: number, json: unknown): Meaning | undefined {
  if (status === 429) return { kind: 'transient', code: 'throttled', affects: 'destination' };
  if (status < 400 || status >= 500) return undefined;
  const code = textAt(at(json, 'error'), 'code') ?? `http_${status}`;
  const affects = status === 401 ? 'connection' : 'message';
  return { kind: 'permanent', code: `graph_${code.replaceAll(/\W/g, '').slice(0, 60).toLowerCase()}`, affects };
}

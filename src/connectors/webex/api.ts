import type { LookUpContext, Target } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import type { HttpRequest } from '../contract/http.ts';
import { callJson, type JsonAnswer, type JsonCall } from '../http/json-call.ts';
import { asLookUp } from '../http/restated.ts';
import { secretTexts } from '../contract/secrets.ts';
import { meaningOf, type CallKind } from './errors.ts';
import { webexSettings } from './settings.ts';

export interface WebexCall {
  readonly method: HttpRequest['method'];
  /** The path below the base URL with its query, such as `messages`. */
  readonly path: string;
  readonly body?: object;
  readonly upload?: NonNullable<JsonCall['upload']>;
  readonly about: CallKind;
  /**
   * The key of a post (`Outgoing.key`), sent as a header. Webex ignores it, but it identifies the request in a proxy's
   * log, because the body contains no id of ours.
   */
  readonly key?: string;
  /** Set for lists; the default is enough for one message. */
  readonly maxResponseBytes?: number;
}

/** A message has three forms of text with 7 439 bytes each, and a person has many fields. */
const usualMaxBytes = 256 * 1_024;

/**
 * Makes one call of the Webex API. Success is judged by the status (developer.webex.com, "REST API Basics").
 * @throws SendFailure by the table in `errors.ts`; never ambiguous for a look-up.
 */
export async function callWebex(
  { method, path, body, upload, about, key, maxResponseBytes = usualMaxBytes }: WebexCall,
  { settings }: Target['connection'],
  context: Omit<LookUpContext, 'tokens'>,
): Promise<JsonAnswer> {
  try {
    return await callJson(
      {
        method,
        url: `${baseUrlOf(settings)}${path}`,
        headers: {
          authorization: `Bearer ${tokenOf(settings)}`,
          ...(key === undefined ? {} : { 'carillon-delivery': key }),
        },
        ...(body === undefined ? {} : { body }),
        ...(upload && { upload }),
        maxResponseBytes,
      },
      context,
      { secrets: secretTexts(webexSettings, settings), meaningOf: (status) => meaningOf(status, about) },
    );
  } catch (error) {
    throw about === 'look-up' ? asLookUp(error) : error;
  }
}

export const messagePath = (id: string): string => `messages/${encodeURIComponent(id)}`;

/** The base URL with exactly one slash at its end. */
export function baseUrlOf(settings: Target['connection']['settings']): string {
  return `${readText(webexSettings, settings, 'baseUrl').replace(/\/*$/, '')}/`;
}

export function tokenOf(settings: Target['connection']['settings']): string {
  return readText(webexSettings, settings, 'botToken');
}

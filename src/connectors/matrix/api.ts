import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext, Target } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { at, textAt } from '../http/json-path.ts';
import { callJson, type JsonAnswer } from '../http/json-call.ts';
import { asLookUp, restated } from '../http/restated.ts';
import { secretTexts } from '../contract/secrets.ts';
import { meaningOf } from './errors.ts';
import { homeserverOf, matrixSettings } from './settings.ts';

export interface MatrixCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** The path below `/_matrix/client`, with its parts encoded by `path`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** The user as whom the call is made; the default is the bot (application service API, "Identity assertion"). */
  readonly as?: string;
  /** The key of a text that every successful answer contains. An answer without it does not count as success. */
  readonly expects?: string;
  /** Set for lists; the default is enough for one event. */
  readonly maxResponseBytes?: number;
}

const longestWaitMs = 7 * 24 * 3_600_000;
const usualMaxBytes = 1_024 * 1_024;

/** Builds a path of the client-server API and encodes the values, because ids contain `/`, `#` and `?`. */
export function path(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: parts }, ...values.map((value) => encodeURIComponent(value)));
}

/**
 * Makes one call of the client-server API as the application service.
 * @throws SendFailure of any kind.
 */
export async function callMatrix(
  { method, path: below, query, body, as, expects, maxResponseBytes = usualMaxBytes }: MatrixCall,
  { settings }: Target['connection'],
  context: Omit<LookUpContext, 'tokens'>,
): Promise<JsonAnswer> {
  const parameters = new URLSearchParams({ ...query, ...(as === undefined ? {} : { user_id: as }) }).toString();
  const url = `${homeserverOf(settings)}/_matrix/client${below}${parameters === '' ? '' : `?${parameters}`}`;
  let waitMs = 0;
  const answer = callJson(
    {
      method,
      url,
      headers: { authorization: `Bearer ${readText(matrixSettings, settings, 'asToken')}` },
      ...(body === undefined ? {} : { body }),
      maxResponseBytes,
    },
    context,
    {
      secrets: secretTexts(matrixSettings, settings),
      isAgreed: (status, json) => status === 200 && (expects === undefined || textAt(json, expects) !== undefined),
      meaningOf(status, json) {
        waitMs = Number(at(json, 'retry_after_ms') ?? 0) || 0;
        return meaningOf(status, textAt(json, 'errcode'));
      },
    },
  );
  return answer.catch((error: unknown) => {
    // Older homeservers put the wait only into the body ("Rate limiting").
    const says = error instanceof SendFailure && error.retryAfterMs === undefined && waitMs > 0;
    throw says ? restated(error, { retryAfterMs: Math.min(waitMs, longestWaitMs) }) : error;
  });
}

/**
 * Makes a call whose repetition nobody would notice, so losing its answer leaves nothing in doubt.
 * @throws SendFailure of any kind but `ambiguous`.
 */
export async function lookUp(
  call: MatrixCall,
  connection: Target['connection'],
  context: LookUpContext,
): Promise<unknown> {
  try {
    return (await callMatrix(call, connection, context)).json;
  } catch (error) {
    throw asLookUp(error);
  }
}

/** Like `lookUp`, but returns undefined if the homeserver answers "not found". */
export async function find(
  call: MatrixCall,
  connection: Target['connection'],
  context: LookUpContext,
): Promise<unknown> {
  try {
    return await lookUp(call, connection, context);
  } catch (error) {
    if (error instanceof SendFailure && error.code === 'matrix_not_found') return undefined;
    throw error;
  }
}

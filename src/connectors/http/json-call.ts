import type { LookUpContext } from '../contract/context.ts';
import type { HttpBody, HttpRequest, HttpResponse } from '../contract/http.ts';
import { answerFailure, failureOfStatus, type Meaning } from './answer.ts';
import { sendFailureOf } from './error.ts';

export interface JsonCall {
  readonly method: HttpRequest['method'];
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a text is sent as it is, with `application/x-www-form-urlencoded`. */
  readonly body?: object | string;
  /** Sent as it is, in place of a body. */
  readonly upload?: { readonly contentType: string; readonly body: HttpBody };
  /** Undefined for the client's own limit, 64 KiB. */
  readonly maxResponseBytes?: number;
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  /** Undefined where the body is none, or no JSON. */
  readonly json: unknown;
}

export interface JsonRules {
  /** Kept out of what is stored of an answer. */
  readonly secrets: readonly string[];
  /**
   * What a refusal means by the platform's own words; undefined where the status decides (`failureOfStatus`). Called for
   * every answer that is not `isAgreed`.
   */
  meaningOf(status: number, json: unknown): Meaning | undefined;
  /** Whether it did what was asked; any 2xx where this is not given. */
  isAgreed?(status: number, json: unknown): boolean;
}

/**
 * One request of an HTTP API that speaks JSON.
 * @throws SendFailure of any kind. For a look-up, which changes nothing, turn `ambiguous` into `transient` (`asLookUp`).
 */
export async function callJson(
  { method, url, headers = {}, body, upload, maxResponseBytes }: JsonCall,
  { http, now, timeoutMs, signal }: Omit<LookUpContext, 'tokens'>,
  { secrets, meaningOf, isAgreed = (status) => status >= 200 && status < 300 }: JsonRules,
): Promise<JsonAnswer> {
  const type = typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json; charset=utf-8';
  const response = await http
    .request({
      method,
      url,
      headers: {
        'user-agent': 'Carillon',
        accept: 'application/json',
        ...(body && { 'content-type': type }),
        ...(upload && { 'content-type': upload.contentType }),
        ...headers,
      },
      ...(upload && { body: upload.body }),
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      timeoutMs,
      signal,
      ...(maxResponseBytes === undefined ? {} : { maxResponseBytes }),
    })
    .catch((error: unknown) => {
      throw sendFailureOf(error);
    });
  const { status } = response;
  const json = readBody(response);
  if (isAgreed(status, json)) return { status, headers: response.headers, json };
  const meaning = meaningOf(status, json);
  throw meaning === undefined
    ? failureOfStatus(response, now, secrets)
    : answerFailure(meaning, response, now, secrets);
}

function readBody({ complete, text }: HttpResponse): unknown {
  if (!complete || text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON: a proxy or a gateway spoke, and its status is all there is to go by.
    return undefined;
  }
}

import type { LookUpContext } from '../contract/context.ts';
import type { HttpBody, HttpRequest, HttpResponse } from '../contract/http.ts';
import { answerFailure, failureOfStatus, type Meaning } from './answer.ts';
import { sendFailureOf } from './error.ts';

export interface JsonCall {
  readonly method: HttpRequest['method'];
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. A string is sent unchanged as `application/x-www-form-urlencoded`. */
  readonly body?: object | string;
  /** Sent unchanged instead of `body`. */
  readonly upload?: { readonly contentType: string; readonly body: HttpBody };
  /** Undefined means the client's default of 64 KiB. */
  readonly maxResponseBytes?: number;
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  /** Undefined if there is no body, or it is not JSON or not complete. */
  readonly json: unknown;
}

export interface JsonRules {
  /** Secrets to remove from the parts of an answer that are stored. */
  readonly secrets: readonly string[];
  /**
   * What a refusal means by the platform's own error codes; undefined if the status decides (`failureOfStatus`). Called
   * for every answer for which `isAgreed` is false.
   */
  meaningOf(status: number, json: unknown): Meaning | undefined;
  /** Whether the platform did what was asked. The default is any 2xx. */
  isAgreed?(status: number, json: unknown): boolean;
}

/**
 * Makes one request to an HTTP API that speaks JSON.
 * @throws SendFailure of any kind. After a look-up, which changes nothing, turn `ambiguous` into `transient` with
 * `asLookUp`.
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
    // The answer came from a proxy or a gateway, so only its status can be used.
    return undefined;
  }
}

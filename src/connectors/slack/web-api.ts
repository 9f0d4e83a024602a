import type { SendFailure } from '../../domain/failure.ts';
import type { SendContext, Target } from '../connector.ts';
import { readText } from '../fields.ts';
import type { HttpResponse } from '../http.ts';
import { answerFailure, failureOfStatus } from '../http-answer.ts';
import { sendFailureOf } from '../http-error.ts';
import { secretTexts } from '../secrets.ts';
import { meaningOf } from './errors.ts';
import { slackSettings } from './settings.ts';

export interface SlackBody {
  readonly type: 'application/json; charset=utf-8' | 'application/x-www-form-urlencoded';
  readonly text: string;
}

export type SlackAnswer = Readonly<Record<string, unknown>>;

export type CallContext = Pick<SendContext, 'http' | 'now' | 'timeoutMs' | 'signal'> & {
  /** Histories are longer than an answer to a post; undefined for the client's own limit. */
  readonly maxResponseBytes?: number;
};

/**
 * Calls one method of the Web API: POST with a bearer token; the verdict stands in the body, nearly always behind
 * status 200 (docs.slack.dev, "Using the Web API").
 * @returns the body of an answer with `ok: true`, and the status.
 * @throws SendFailure. An answer that cannot be read is ambiguous: the call may have been carried out.
 */
export async function callSlack(
  method: string,
  body: SlackBody,
  connection: Target['connection'],
  { http, now, ...limits }: CallContext,
): Promise<{ answer: SlackAnswer; status: number }> {
  const base = readText(slackSettings, connection.settings, 'baseUrl');
  const response = await http
    .request({
      method: 'POST',
      url: `${base.replace(/\/*$/, '')}/${method}`,
      headers: {
        authorization: `Bearer ${readText(slackSettings, connection.settings, 'botToken')}`,
        'content-type': body.type,
        'user-agent': 'Carillon',
      },
      body: body.text,
      ...limits,
    })
    .catch((error: unknown) => {
      throw sendFailureOf(error);
    });
  const answer = parseAnswer(response);
  if (answer?.['ok'] === true && response.status === 200) return { answer, status: 200 };
  throw failureOf(response, answer, now, secretTexts(slackSettings, connection.settings));
}

function parseAnswer(response: HttpResponse): SlackAnswer | undefined {
  if (!response.complete) return undefined;
  try {
    const body: unknown = JSON.parse(response.text);
    return typeof body === 'object' && body !== null ? (body as SlackAnswer) : undefined;
  } catch {
    // Not JSON: a proxy or a gateway spoke, and its status is all there is to go by.
    return undefined;
  }
}

function failureOf(
  response: HttpResponse,
  answer: SlackAnswer | undefined,
  now: Date,
  secrets: readonly string[],
): SendFailure {
  const error = answer?.['ok'] === false ? answer['error'] : undefined;
  const meaning = meaningOf(typeof error === 'string' ? error : undefined, response.status);
  return meaning === undefined
    ? failureOfStatus(response, now, secrets)
    : answerFailure(meaning, response, now, secrets);
}

import type { LookUpContext, Target } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { at, textAt } from '../http/json-path.ts';
import { callJson } from '../http/json-call.ts';
import { secretTexts } from '../contract/secrets.ts';
import { meaningOf } from './errors.ts';
import { slackSettings } from './settings.ts';

export type SlackAnswer = Readonly<Record<string, unknown>>;

export type CallContext = Omit<LookUpContext, 'tokens'> & {
  /** Histories are longer than the answer to a post. Undefined means the client's default. */
  readonly maxResponseBytes?: number;
};

/**
 * Calls one method of the Web API: a POST with a bearer token. The result is in the body, nearly always with status 200
 * (docs.slack.dev, "Using the Web API").
 * @param body an object is sent as JSON, a string as a form.
 * @returns the body, which has `ok: true`, and the status.
 * @throws SendFailure. An answer that cannot be read is ambiguous, because Slack may have carried out the call.
 */
export async function callSlack(
  method: string,
  body: object | string,
  { settings }: Target['connection'],
  { maxResponseBytes, ...context }: CallContext,
): Promise<{ answer: SlackAnswer; status: number }> {
  const base = readText(slackSettings, settings, 'baseUrl');
  const { json, status } = await callJson(
    {
      method: 'POST',
      url: `${base.replace(/\/*$/, '')}/${method}`,
      headers: { authorization: `Bearer ${readText(slackSettings, settings, 'botToken')}` },
      body,
      ...(maxResponseBytes === undefined ? {} : { maxResponseBytes }),
    },
    context,
    {
      secrets: secretTexts(slackSettings, settings),
      isAgreed: (code, answer) => code === 200 && at(answer, 'ok') === true,
      meaningOf: (code, answer) => meaningOf(at(answer, 'ok') === false ? textAt(answer, 'error') : undefined, code),
    },
  );
  return { answer: json as SlackAnswer, status };
}

import { SendFailure } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { IssuedToken, LookUpContext } from '../contract/context.ts';
import { at, textAt } from './json-path.ts';
import { callJson } from './json-call.ts';
import { asLookUp, restated } from './restated.ts';
import { timeLeft } from './time-left.ts';

/** How a token is asked for (RFC 6749, section 4.4, and what platforms make of it). */
export interface TokenRequest {
  readonly url: string;
  readonly form: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** All that the token depends on, secrets included; where the form changes each time, as with a signed assertion. */
  readonly credentials?: readonly string[];
  /** Kept out of what is stored of an answer. */
  readonly secrets: readonly string[];
}

/** RFC 6749, section 5.2: the credentials themselves are refused, and only an operator can mend that. */
const refusals: readonly ReasonCode[] = [
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'invalid_scope',
  'access_denied',
];
const usualLifeSeconds = 3_600;

/**
 * Calls with an access token, which is obtained where none is kept. A token that is refused before its time is dropped
 * and the call made once more: nothing was done by a call that was not let in. The time is for all of it: a claim ends
 * soon after, and then somebody else may send.
 * @throws SendFailure; permanent for the whole connection where the credentials are refused, never for an expired token.
 */
export async function withToken<T, C extends LookUpContext>(
  request: TokenRequest,
  context: C,
  call: (token: string, context: C) => Promise<T>,
): Promise<T> {
  const { tokens } = context;
  const rest = timeLeft(context);
  const credentials = request.credentials ?? [request.url, JSON.stringify([request.form, request.headers])];
  const get = () => tokens.get(credentials, () => obtain(request, rest()));
  const token = await get();
  try {
    return await call(token, rest());
  } catch (error) {
    if (!(error instanceof SendFailure) || error.status !== 401) throw error;
    tokens.drop(token);
    return call(await get(), rest());
  }
}

async function obtain({ url, form, headers, secrets }: TokenRequest, context: LookUpContext): Promise<IssuedToken> {
  const body = new URLSearchParams(form).toString();
  try {
    const { json } = await callJson({ method: 'POST', url, body, ...(headers && { headers }) }, context, {
      secrets,
      isAgreed: (status, answer) => status === 200 && textAt(answer, 'access_token') !== undefined,
      meaningOf(status, answer) {
        const error = textAt(answer, 'error') ?? textAt(answer, 'reason');
        const refusal = refusals.find((code) => code === error);
        if (refusal !== undefined) return { kind: 'permanent', code: refusal, affects: 'connection' };
        if (status === 400 || status === 401 || status === 403)
          return { kind: 'permanent', code: 'token_refused', affects: 'connection' };
        return undefined;
      },
    });
    const seconds = Number(at(json, 'expires_in') ?? usualLifeSeconds);
    return {
      token: textAt(json, 'access_token') ?? '',
      expiresInSeconds: Number.isFinite(seconds) && seconds > 0 ? seconds : usualLifeSeconds,
    };
  } catch (error) {
    // Asking for a token changes nothing, and what hinders it hinders the whole connection.
    const failure = asLookUp(error);
    throw failure instanceof SendFailure && failure.kind === 'transient'
      ? restated(failure, { affects: 'connection' })
      : failure;
  }
}

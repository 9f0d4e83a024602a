import { SendFailure } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import { type IssuedToken, type LookUpContext, timeLeft } from '../contract/context.ts';
import { at, textAt } from './json-path.ts';
import { callJson } from './json-call.ts';
import { asLookUp, restated } from './restated.ts';

/** A request for an access token (RFC 6749, section 4.4, and the variants that platforms made of it). */
export interface TokenRequest {
  readonly url: string;
  readonly form: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Everything on which the token depends, secrets included. Needed if the form differs each time, as with a signed
   * assertion; otherwise the form and headers are used.
   */
  readonly credentials?: readonly string[];
  /** Secrets to remove from the parts of an answer that are stored. */
  readonly secrets: readonly string[];
}

/**
 * The authorization server refuses the credentials themselves (RFC 6749, section 5.2). Only an operator can fix that.
 */
const refusals: readonly ReasonCode[] = [
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'invalid_scope',
  'access_denied',
];
const usualLifeSeconds = 3_600;

/**
 * Makes a call with an access token, which is requested if none is cached. If the platform answers 401, the token is
 * dropped and the call is made once more with a new one; a call that was not authorised changed nothing.
 * `context.timeoutMs` covers both calls and the token requests, because the claim ends soon after it and another worker
 * may then send.
 * @throws SendFailure. It is permanent and affects the whole connection if the credentials are refused, and never means
 * that a token had expired.
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
    // Requesting a token changes nothing at the platform, so a failure is not ambiguous. A transient one affects every
    // delivery of this connection.
    const failure = asLookUp(error);
    throw failure instanceof SendFailure && failure.kind === 'transient'
      ? restated(failure, { affects: 'connection' })
      : failure;
  }
}

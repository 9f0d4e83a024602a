import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isTimedOut, isUnavailable } from '../../store/db/db.ts';
import { Problem, problems, type ProblemCode } from '../errors.ts';

/** Seconds until an answer may be different: PostgreSQL restarts and fails over in seconds, not in milliseconds. */
export const retryAfterSeconds = 1;

/** Everything that a route throws ends here, so that nothing reaches the caller but what `errors.ts` lists. */
export function replyWithProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error);
  const { code, status, message, errors, id } = problem;
  // An outage is one line per request without its trace: it would be the same thousand times.
  if (code === 'internal') request.log.error({ err: error }, 'request failed');
  else if (status >= 500) request.log.warn({ reason: reasonOf(problem.cause) }, message);
  reply.headers(problem.headers);
  if (status === 503) reply.header('retry-after', retryAfterSeconds);
  // Fastify hangs up on bodies it did not read to the end; the sender would get a reset instead of this answer.
  reply.removeHeader('connection');
  return reply
    .code(status)
    .type('application/problem+json')
    .send({
      type: `urn:carillon:problem:${code}`,
      title: problems[code].title,
      status,
      detail: message,
      code,
      ...(id === undefined ? {} : { id }),
      ...(errors === undefined ? {} : { errors }),
      ...(status >= 500 ? { requestId: request.id } : {}),
    });
}

/** The code of an error, or else its name; its message may contain values. */
export function reasonOf(error: unknown): string | undefined {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : undefined;
}

const ofFastify: Record<string, { code: ProblemCode; detail: string }> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    detail: 'Send JSON, and say so: "Content-Type: application/json".',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', detail: 'A body may have 1 MiB at most.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'bad_request', detail: 'The body is not as long as announced.' },
  FST_ERR_BAD_URL: { code: 'not_found', detail: 'The path is not well-formed.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'not_found', detail: 'There is no such thing.' },
  FST_ERR_HANDLER_TIMEOUT: {
    code: 'unavailable',
    detail: 'The answer took too long; whether it took effect is unknown.',
  },
};

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isOutage(error))
    return new Problem('unavailable', 'The database cannot be reached at the moment.', { cause: error });
  const { code = '', statusCode } = error as Partial<FastifyError>;
  const known = ofFastify[code];
  if (known !== undefined) return new Problem(known.code, known.detail, { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new Problem('bad_request', 'The request is malformed.', { cause: error });
  return new Problem('internal', 'Something went wrong; the log has more under this request id.', { cause: error });
}

/**
 * Whether the same request may work later: PostgreSQL away, its limit of time reached, out of resources (53), a
 * deadlock or conflict (40), read-only after a failover (25006), or a full or broken disk (58).
 */
export function isOutage(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return (
    isUnavailable(error) || isTimedOut(error) || (typeof code === 'string' && /^(53...|40...|25006|58...)$/.test(code))
  );
}

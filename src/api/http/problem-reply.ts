import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { mayWorkLater } from '../../store/db/db.ts';
import { Problem, problems, type ProblemCode } from '../errors.ts';

/** The Retry-After of a 503, in seconds. A restart or failover of PostgreSQL takes seconds. */
export const retryAfterSeconds = 1;

/** Answers any error that a route throws, so that clients get no error that is not in `errors.ts`. */
export function replyWithProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error);
  const { code, status, message, errors, id } = problem;
  // In an outage each request logs one line without a stack, because the stack would be the same a thousand times.
  if (code === 'internal') request.log.error({ err: error }, 'request failed');
  else if (status >= 500) request.log.warn({ reason: reasonOf(problem.cause) }, message);
  reply.headers(problem.headers);
  if (status === 503) reply.header('retry-after', retryAfterSeconds);
  // Fastify closes the connection when it has not read the whole body. The sender would get a reset instead of this
  // answer.
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
    detail: 'Send JSON with "Content-Type: application/json".',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', detail: 'A body may have at most 1 MiB.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'bad_request', detail: 'The body does not have the announced length.' },
  FST_ERR_BAD_URL: { code: 'not_found', detail: 'The path is not well-formed.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'not_found', detail: 'Not found.' },
  FST_ERR_HANDLER_TIMEOUT: {
    code: 'unavailable',
    detail: 'The request took too long. It is unknown whether it took effect.',
  },
};

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (mayWorkLater(error))
    return new Problem('unavailable', 'The database cannot be reached at the moment.', { cause: error });
  const { code = '', statusCode } = error as Partial<FastifyError>;
  const known = ofFastify[code];
  if (known !== undefined) return new Problem(known.code, known.detail, { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new Problem('bad_request', 'The request is malformed.', { cause: error });
  return new Problem('internal', 'An internal error occurred. The log has more under this request id.', {
    cause: error,
  });
}

/** One mistake in the input. */
export interface InputError {
  /** A JSON Pointer into the body, `?name` for a query parameter, or the bare name of a header. */
  readonly path: string;
  /** Stable, in snake_case. */
  readonly code: string;
  readonly message: string;
}

/**
 * Every error that the API can answer with. The codes never change, because clients decide by them and not by the
 * texts. `docs/openapi.json` and the error answers of each route are generated from this list.
 */
export const problems = {
  bad_request: { status: 400, title: 'The request is malformed' },
  invalid_json: { status: 400, title: 'The body is not JSON' },
  unauthorized: { status: 401, title: 'The key is missing or not valid' },
  forbidden: { status: 403, title: 'The key may not do this' },
  not_found: { status: 404, title: 'Not found' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  idempotency_conflict: { status: 409, title: 'The key was already used for another request' },
  already_exists: { status: 409, title: 'The id is taken' },
  deleted: { status: 409, title: 'The message is deleted, or is itself a change' },
  content_erased: { status: 409, title: 'The content was erased' },
  in_use: { status: 409, title: 'Still in use' },
  not_retryable: { status: 409, title: 'There is nothing to retry' },
  not_cancellable: { status: 409, title: 'There is nothing to cancel' },
  not_understood: { status: 409, title: 'The request is still not understood' },
  cursor_expired: { status: 410, title: 'The cursor is too old' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  invalid: { status: 422, title: 'The input is not valid' },
  not_yet_supported: { status: 422, title: 'Not supported yet' },
  unknown_destination: { status: 422, title: 'There is no such destination' },
  unknown_message: { status: 422, title: 'There is no such message' },
  unknown_connection: { status: 422, title: 'There is no such connection' },
  unknown_connector: { status: 422, title: 'There is no such connector' },
  overloaded: { status: 429, title: 'Too many requests are waiting' },
  rate_limited: { status: 429, title: 'The tenant exceeds its rate' },
  headers_too_large: { status: 431, title: 'The header fields are too large' },
  internal: { status: 500, title: 'An internal error occurred' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

export interface ProblemExtras {
  readonly errors?: readonly InputError[];
  /** The message, or the other thing, that the problem is about. */
  readonly id?: string;
  readonly cause?: unknown;
  /** Headers of the answer, with names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by any function below a route and sent as `application/problem+json` (RFC 9457). Callers read its texts. */
export class Problem extends Error {
  override name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly errors: readonly InputError[] | undefined;
  readonly id: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, { errors, id, cause, headers = {} }: ProblemExtras = {}) {
    super(detail, { cause });
    this.code = code;
    this.status = problems[code].status;
    this.errors = errors;
    this.id = id;
    this.headers = headers;
  }
}

/** Makes a 422 that lists the mistakes. If one has a code from `problems`, that becomes the code of the answer. */
export function invalidInput(found: readonly InputError[]): Problem {
  const errors = found.map((error) => ({ ...error, path: shorten(error.path) }));
  const special = errors.find(({ code }) => Object.hasOwn(problems, code))?.code as ProblemCode | undefined;
  const [first] = errors;
  const where = first === undefined || first.path === '' ? 'The body' : first.path;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : '';
  return new Problem(special ?? 'invalid', `${where} ${first?.message ?? 'is not valid'}${more}.`, { errors });
}

/** Cuts a path to 200 characters. It consists of keys that the sender chose, and they may be a megabyte long. */
function shorten(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}

export const notFound = (what: string): Problem => new Problem('not_found', `There is no such ${what}.`);

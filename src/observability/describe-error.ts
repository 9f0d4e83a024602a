import { isNativeError } from 'node:util/types';
import { safeText } from './safe-text.ts';

/** An error, its cause, the cause of that cause, and one more. */
const deepest = 4;
/** Node throws an AggregateError with one error for each address of a host; the first few tell why. */
const mostErrors = 4;
/** Enough to reach our function behind seven frames of the PostgreSQL driver. */
const mostFrames = 12;
const mostFramesOfCause = 4;

/** What a log line shows of an error. It contains no value that the failed statement or request had. */
export interface DescribedError {
  readonly type: string;
  readonly message?: string;
  readonly [field: string]: unknown;
}

/**
 * Fields of our errors and of PostgreSQL's, Node's, undici's and Temporal's that contain a name, a code or a number.
 * No other field is shown: PostgreSQL's `detail`, `where`, `hint`, `query` and `parameters` quote rows, Temporal's
 * `details` and `failure` contain payloads, and `socket`, `input`, `metadata` and `excerpt` contain addresses, URLs and
 * answers. The keys are the fields of the error, the values their names in the log.
 */
const fields: Readonly<Record<string, string>> = {
  code: 'code',
  syscall: 'syscall',
  kind: 'kind',
  affects: 'affects',
  status: 'status',
  statusCode: 'statusCode',
  severity: 'severity',
  schema_name: 'schema',
  table_name: 'table',
  column_name: 'column',
  constraint_name: 'constraint',
  'data type_name': 'dataType',
  routine: 'routine',
  // `type` in the log is the name of the error.
  type: 'failureType',
  nonRetryable: 'nonRetryable',
  retryState: 'retryState',
  timeoutType: 'timeoutType',
  activityType: 'activityType',
  workflowType: 'workflowType',
};
const word = /^[\w.:-]{1,100}$/;

/**
 * Errors whose message is left out: a SendFailure has the platform's words, and a PostgresError that went through
 * Temporal has lost the SQLSTATE that tells whether its message quotes values.
 */
const typesWithoutMessage: ReadonlySet<unknown> = new Set(['SendFailure', 'PostgresError']);

/**
 * The SQLSTATEs whose messages quote only names of tables, columns and constraints: violated constraints (23…; the row
 * is in `detail`), and unknown tables, columns and objects, which PostgreSQL reports before it reads the parameters.
 */
const namesOnly = /^(?:23\d\d\d|23P01|42P01|42703|42704)$/;
/** The routines of RAISE and ASSERT in PL/pgSQL. The function chooses the message and may put a row into it. */
const raisingRoutines: ReadonlySet<unknown> = new Set(['exec_stmt_raise', 'exec_stmt_assert']);
/** A function that raises an error chooses these fields, too. */
const chosenByRaise: ReadonlySet<string> = new Set([
  'schema_name',
  'table_name',
  'column_name',
  'constraint_name',
  'data type_name',
]);

/** Also true for errors of another realm, such as those from a workflow's sandbox. */
export const isError = (value: unknown): value is Error => value instanceof Error || isNativeError(value);

/**
 * Describes an error by its name, its codes, its stack frames and its message without values. Describes its causes and
 * the errors of an AggregateError in the same way, to a depth of 4.
 * @param error whatever was thrown; of a value that is no error only the type is returned.
 */
export function describeError(error: unknown, depth = 1): DescribedError {
  if (!isError(error)) return { type: typeof error };
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  const isDeepest = depth >= deepest;
  const message = messageOf(error);
  const stack = framesOf(error, depth === 1 ? mostFrames : mostFramesOfCause);
  const raisedIn = raisedBy(error);
  return {
    type: nameOf(error),
    ...(message === undefined ? {} : { message }),
    ...fieldsOf(error),
    ...(raisedIn === undefined ? {} : { raisedIn }),
    ...(stack === '' ? {} : { stack }),
    ...(isError(cause) && !isDeepest ? { cause: describeError(cause, depth + 1) } : {}),
    ...(Array.isArray(errors) && !isDeepest
      ? { errors: errors.slice(0, mostErrors).map((one) => describeError(one, depth + 1)) }
      : {}),
  };
}

const nameOf = ({ name }: Error): string => (typeof name === 'string' && word.test(name) ? name : 'Error');

function messageOf(error: Error): string | undefined {
  const { code, type, routine } = error as { code?: unknown; type?: unknown; routine?: unknown };
  const message = String(error.message);
  if (typeof routine !== 'string')
    return typesWithoutMessage.has(nameOf(error)) || typesWithoutMessage.has(type) ? undefined : safeText(message);
  if (raisingRoutines.has(routine)) return undefined;
  if (typeof code === 'string' && namesOnly.test(code) && quotesNamesOnly(message)) return message;
  return safeText(message);
}

/** Whether each quoted part looks like a name. A value with a quote in it makes the number of quotes odd. */
function quotesNamesOnly(message: string): boolean {
  const parts = message.split('"');
  return parts.length % 2 === 1 && parts.every((part, index) => index % 2 === 0 || /^\w{1,63}$/.test(part));
}

function fieldsOf(error: Error): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  const given = error as unknown as Record<string, unknown>;
  for (const [field, name] of Object.entries(fields)) {
    if (chosenByRaise.has(field) && raisingRoutines.has(given['routine'])) continue;
    const value = given[field];
    if (typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && word.test(value)))
      shown[name] = value;
  }
  return shown;
}

/** The PL/pgSQL function and line that raised the error. The other lines of `where` may quote a statement. */
function raisedBy(error: Error): string | undefined {
  const { where } = error as { where?: unknown };
  if (typeof where !== 'string') return undefined;
  const found = /^PL\/pgSQL function (\w{1,63})\([\w, ]*\) line (\d+) at [\w ]+$/.exec(where.split('\n', 1)[0] ?? '');
  return found === null ? undefined : `${found[1]} line ${found[2]}`;
}

/** The frames of the stack, without its head, which repeats the message, and without the frames of Node itself. */
function framesOf({ stack, message }: Error, most: number): string {
  if (typeof stack !== 'string') return '';
  const start = message === '' ? -1 : stack.indexOf(message);
  const frames = start === -1 ? stack : stack.slice(start + message.length);
  return frames
    .split('\n')
    .filter((line) => /^ {4}at (?!.*\bnode:).{1,300}$/.test(line))
    .slice(0, most)
    .map((line) => line.trim())
    .join('\n');
}

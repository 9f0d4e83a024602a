import { format } from 'node:util';
import { pino, stdTimeFunctions, type DestinationStream, type Logger, type LogFn, type LoggerOptions } from 'pino';
import { describeError, isError } from './describe-error.ts';
import { safeFields } from './safe-fields.ts';
import { safeText } from './safe-text.ts';

export interface LoggerSettings {
  /** The role of this process; each line contains it. */
  readonly role: string;
  /** One of pino's levels, or `silent`. */
  readonly level: string;
}

/**
 * Creates the logger that every role uses for its own lines, for Fastify's and for those of Temporal's SDK. It writes
 * JSON lines to standard output, or to a stream.
 *
 * A line contains ids, our codes, SQLSTATEs, names of errors, and messages without values. It never contains content, a
 * secret or the address of a person. Callers pass only ids and codes; this logger removes the values that errors and
 * libraries add.
 */
export function createLogger({ role, level }: LoggerSettings, stream?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: { role, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    hooks: { logMethod: logSafely },
    // Without this, pino and Fastify use their own serializer, which copies every field of an error.
    serializers: { err: (value: unknown) => (isError(value) ? describeError(value) : value) },
  };
  return stream === undefined ? pino(options) : pino(options, stream);
}

function logSafely(this: Logger, args: Parameters<LogFn>, write: LogFn): void {
  const [first, ...rest] = args as unknown[];
  if (typeof first !== 'object' || first === null) return write.call(this, {}, safeMessage([first, ...rest], []));
  const { fields, errors } = safeFields(isError(first) ? { err: first } : first);
  // pino then takes the message from `err`, which is described already.
  if (rest[0] === undefined) return write.call(this, fields);
  write.call(this, fields, safeMessage(rest, errors));
}

/** Formats a message. Fastify and the SDK put the message of an error into theirs, so it is replaced there, too. */
function safeMessage(parts: readonly unknown[], errors: readonly Error[]): string {
  const [text, ...values] = parts.map((part) => (typeof part === 'object' && part !== null ? '[object]' : part));
  let message = format(text, ...values);
  for (const error of errors) {
    if (error.message === '' || !message.includes(error.message)) continue;
    const { type, message: safe = type } = describeError(error);
    message = message.replaceAll(error.message, () => safe);
  }
  return safeText(message);
}

import { pino, type DestinationStream, type Logger } from 'pino';

/**
 * Ids, never content, secrets or addresses of people. Nothing logs headers or bodies on purpose; the redaction is for
 * what a later line may log by mistake. Of an error only what we know to be free of values: PostgreSQL's `detail` and
 * `where` quote the row.
 */
export function createLogger(level: string, stream?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    redact: {
      paths: ['authorization', '*.authorization', '*.headers', 'headers', '*.body', 'body'],
      censor: '[redacted]',
    },
    serializers: { err: describeError },
  };
  return stream === undefined ? pino(options) : pino(options, stream);
}

function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return { type: name, message, code, stack, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
}

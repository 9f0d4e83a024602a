import { describeError, isError } from './describe-error.ts';
import { shorten } from './safe-text.ts';

const deepest = 5;
const mostEntries = 40;
const mostValues = 200;
const longest = 500;

/** Names, in lower case, of fields that contain a credential or content in whatever object they are. */
const secretFields: ReadonlySet<string> = new Set([
  'accesstoken',
  'apikey',
  'authorization',
  'body',
  'content',
  'cookie',
  'detail',
  'details',
  'headers',
  'hint',
  'parameters',
  'password',
  'payload',
  'payloads',
  'query',
  'secret',
  'secrets',
  'tasktoken',
  'text',
  'token',
  'where',
]);

export interface SafeFields {
  readonly fields: Record<string, unknown>;
  /** The errors that were found and described. */
  readonly errors: readonly Error[];
}

/**
 * Copies the fields of a log line: plain data to a depth of 5 and up to 200 values. Describes errors, replaces
 * credentials and content by `[redacted]`, and cuts long texts and lists. Of any other object, such as a request or a
 * socket, only the name of its constructor remains.
 */
export function safeFields(given: object): SafeFields {
  const errors: Error[] = [];
  let values = 0;

  function copy(value: unknown, depth: number): unknown {
    values += 1;
    if (values > mostValues) return undefined;
    if (typeof value === 'string') return shorten(value, longest);
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null) return value;
    if (isError(value)) {
      errors.push(value);
      return describeError(value);
    }
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    const isList = Array.isArray(value);
    const name = isList ? 'Array' : ((value.constructor as { name?: string } | undefined)?.name ?? 'Object');
    if (depth > deepest || (!isList && name !== 'Object')) return `[${name}]`;
    return isList ? value.slice(0, mostEntries).map((one) => copy(one, depth + 1)) : copyFields(value, depth + 1);
  }

  function copyFields(from: object, depth: number): Record<string, unknown> {
    const fields: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(from).slice(0, mostEntries)) {
      const isSecret = secretFields.has(key.toLowerCase());
      fields[shorten(key, longest)] = isSecret && value !== undefined ? '[redacted]' : copy(value, depth);
    }
    return fields;
  }

  const fields = copyFields(given, 1);
  // Something else than an error was thrown, and may be a value.
  if ('err' in given && !isError(given.err)) fields['err'] = describeError(given.err);
  return { fields, errors };
}

import { durationPattern, parseDuration } from '../../domain/retry.ts';

/**
 * Describes one setting of a connection or one part of an address. The same data validates what users send, tells which
 * values are secret and must be masked, and makes the table in the docs.
 */
export interface Field {
  readonly key: string;
  readonly label: string;
  readonly kind: 'text' | 'url' | 'secret' | 'secrets' | 'duration' | 'flag';
  readonly required: boolean;
  /** A regular expression that a text, or each secret of `secrets`, must match. */
  readonly pattern?: string;
  readonly default?: string;
  /**
   * The field is listed so that users are told plainly that it does not work yet. Using it is the error
   * `not_yet_supported`.
   */
  readonly planned?: true;
  readonly description: string;
}

/** What is wrong with one value that a user sent. */
export interface FieldError {
  /** A JSON Pointer into the body that was sent, such as `/settings/botToken`. */
  readonly path: string;
  readonly code:
    | 'required'
    | 'unknown_field'
    | 'wrong_type'
    | 'too_long'
    | 'pattern'
    | 'invalid_url'
    | 'invalid_duration'
    | 'not_yet_supported';
  /** Never contains the value, which may be a secret. */
  readonly message: string;
}

type Problem = Omit<FieldError, 'path'>;
type Values = Readonly<Record<string, unknown>>;

const maxLength = 4_096;
const maxSecrets = 10;

/**
 * Checks what a user sent against a connector's fields. An unknown key is an error, so that a misspelt optional setting
 * is not silently ignored. Merge stored secrets in first (`mergeSecrets`), because a missing required secret is an
 * error here.
 * @param path JSON Pointer of `value` itself, such as `/settings`.
 */
export function checkFields(fields: readonly Field[], value: unknown, path: string): FieldError[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [{ path, code: 'wrong_type', message: 'must be an object' }];
  const values = value as Values;
  const errors: FieldError[] = [];
  for (const key of Object.keys(values)) {
    if (!fields.some((field) => field.key === key))
      errors.push({ path: `${path}/${pointerSegment(key)}`, code: 'unknown_field', message: 'is not known here' });
  }
  for (const field of fields) {
    const problem = checkField(field, Object.hasOwn(values, field.key) ? values[field.key] : undefined);
    if (problem !== undefined) errors.push({ path: `${path}/${pointerSegment(field.key)}`, ...problem });
  }
  return errors;
}

function checkField(field: Field, value: unknown): Problem | undefined {
  if (value === undefined)
    return field.required && field.default === undefined ? { code: 'required', message: 'is required' } : undefined;
  if (field.planned === true)
    return { code: 'not_yet_supported', message: `is not supported yet: ${field.description}` };
  switch (field.kind) {
    case 'flag':
      return typeof value === 'boolean' ? undefined : { code: 'wrong_type', message: 'must be true or false' };
    case 'secrets':
      return checkSecrets(field, value);
    default:
      return checkText(field, value);
  }
}

function checkSecrets(field: Field, value: unknown): Problem | undefined {
  const least = field.required ? 1 : 0;
  if (!Array.isArray(value) || value.length < least || value.length > maxSecrets)
    return { code: 'wrong_type', message: `must be a list of ${least} to ${maxSecrets} texts` };
  for (const secret of value) {
    const problem = checkText(field, secret);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkText(field: Field, value: unknown): Problem | undefined {
  if (typeof value !== 'string' || value === '') return { code: 'wrong_type', message: 'must be a text, not empty' };
  if (value.length > maxLength) return { code: 'too_long', message: `must have at most ${maxLength} characters` };
  if (field.pattern !== undefined && !new RegExp(field.pattern, 'u').test(value))
    return { code: 'pattern', message: `must match ${field.pattern}` };
  if (field.kind === 'url') return checkUrl(value);
  if (field.kind === 'duration' && parseDuration(value) === undefined)
    return { code: 'invalid_duration', message: `must be a duration such as 10s, 5m or 1h (${durationPattern})` };
  return undefined;
}

/** A user name or password in a URL is refused, because addresses are shown to readers unmasked. */
function checkUrl(value: string): Problem | undefined {
  if (!URL.canParse(value)) return { code: 'invalid_url', message: 'must be an absolute URL' };
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return { code: 'invalid_url', message: 'must begin with http:// or https://' };
  if (url.username !== '' || url.password !== '')
    return { code: 'invalid_url', message: 'must not hold a user name or a password' };
  return undefined;
}

/** Escapes `~` and `/` in a key of a JSON Pointer (RFC 6901). */
function pointerSegment(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/**
 * Returns the text under `key`, or the field's default.
 * @throws Error if there is neither. The values were then stored without a check, which is a defect.
 */
export function readText(fields: readonly Field[], values: Values, key: string): string {
  const value = values[key] ?? fields.find((field) => field.key === key)?.default;
  if (typeof value !== 'string') throw new Error(`field "${key}" has no text`);
  return value;
}

/** Returns the duration under `key` in milliseconds; undefined if none is set. */
export function readDuration(values: Values, key: string): number | undefined {
  const value = values[key];
  return typeof value === 'string' ? parseDuration(value) : undefined;
}

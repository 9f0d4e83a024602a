import type { Field } from './fields.ts';

type Values = Readonly<Record<string, unknown>>;

/** Shown to a reader in place of a secret. A client that sends it back means "keep the stored secret". */
export const secretMask = '********';

export interface SplitValues {
  /** Stored and shown unchanged. */
  readonly open: Values;
  /** Stored encrypted and never shown. */
  readonly secret: Values;
}

/** Separates the values that are stored encrypted from the others. Each value is in exactly one of the two halves. */
export function splitSecrets(fields: readonly Field[], values: Values): SplitValues {
  const open: Record<string, unknown> = {};
  const secret: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) (isSecretKey(fields, key) ? secret : open)[key] = value;
  return { open, secret };
}

/**
 * Applies the rule for secrets in a PUT: values are taken as sent, but a secret that is absent or equal to the mask
 * stays as it is stored. To remove an optional list of secrets, the client sends an empty list. Check the result with
 * `checkFields`.
 * @param stored all stored values, or only the secret ones.
 */
export function mergeSecrets(fields: readonly Field[], sent: Values, stored: Values): Values {
  const merged: Record<string, unknown> = { ...sent };
  for (const field of fields) {
    if (!isSecret(field) || (merged[field.key] !== undefined && !isMasked(merged[field.key]))) continue;
    if (stored[field.key] === undefined) delete merged[field.key];
    else merged[field.key] = stored[field.key];
  }
  return merged;
}

/** For showing values: replaces every secret by the mask, which has the same length for every secret. */
export function maskSecrets(fields: readonly Field[], values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      if (!isSecretKey(fields, key)) return [key, value];
      return [key, Array.isArray(value) ? value.map(() => secretMask) : secretMask];
    }),
  );
}

/** Every secret text among the values. The caller removes these from what it stores and shows. */
export function secretTexts(fields: readonly Field[], values: Values): string[] {
  return fields
    .filter(isSecret)
    .flatMap((field) => values[field.key])
    .filter((secret): secret is string => typeof secret === 'string' && secret !== '');
}

function isSecret(field: Field): boolean {
  return field.kind === 'secret' || field.kind === 'secrets';
}

function isSecretKey(fields: readonly Field[], key: string): boolean {
  return fields.some((field) => field.key === key && isSecret(field));
}

function isMasked(value: unknown): boolean {
  return value === secretMask || (Array.isArray(value) && value.length > 0 && value.every((one) => one === secretMask));
}

import type { Field } from './fields.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a reader sees in place of a secret; sent back, it means "keep what is stored". */
export const secretMask = '********';

export interface SplitValues {
  /** Stored and shown as it is. */
  readonly open: Values;
  /** Stored encrypted and never shown. */
  readonly secret: Values;
}

/** Parts what is stored encrypted from what is not. Together the two are the whole again. */
export function splitSecrets(fields: readonly Field[], values: Values): SplitValues {
  const open: Record<string, unknown> = {};
  const secret: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) (isSecretKey(fields, key) ? secret : open)[key] = value;
  return { open, secret };
}

/**
 * What a PUT means: everything as sent, but a secret that is absent, or is the mask that we showed, stays as stored.
 * To remove an optional list of secrets, send an empty one. Check the result with `checkFields`.
 * @param stored whole values or their secret half.
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

/** For showing: every secret that is set becomes the mask, whatever its length. */
export function maskSecrets(fields: readonly Field[], values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      if (!isSecretKey(fields, key)) return [key, value];
      return [key, Array.isArray(value) ? value.map(() => secretMask) : secretMask];
    }),
  );
}

/** Every secret text among the values, for keeping them out of what is stored and shown. */
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

import type { InputError } from '../errors.ts';
import { pointer } from './validation.ts';

/**
 * Finds fields that are planned and that this version does not act on. They are refused with a code of their own, so
 * that a caller neither relies on them nor suspects a typing mistake.
 */
export function findPlanned(body: unknown, planned: readonly (readonly string[])[]): InputError[] {
  return planned
    .filter((path) => isThere(body, path))
    .map((path) => ({ path: pointer(path), code: 'not_yet_supported', message: 'is not supported yet' }));
}

function isThere(body: unknown, path: readonly string[]): boolean {
  let at = body;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Record<string, unknown>)[key];
  }
  return true;
}

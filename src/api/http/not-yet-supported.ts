import type { InputError } from '../errors.ts';
import { pointer } from './pointer.ts';

/**
 * Fields that the design names and this version does not act on. They are refused by their own code, so that nobody
 * takes a promise for kept, nor looks for a typing mistake.
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

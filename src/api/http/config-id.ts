import { typeid } from 'typeid-js';
import { chosenId } from '../../domain/ids.ts';
import { invalidInput, notFound } from '../errors.ts';

/** An id of our own where a POST chose none. */
export const newConfigId = (prefix: 'conn' | 'dst' | 'bridge'): string => typeid(prefix).toString();

/** @throws Problem 404 for a path's id that cannot be one. */
export function pathId(params: unknown, what: string): string {
  const { id } = params as { id: string };
  if (!chosenId.test(id)) throw notFound(what);
  return id;
}

/** @throws Problem 422 where a body names another id than the path. */
export function requireSameId(path: string, body: string | undefined): void {
  if (body !== undefined && body !== path)
    throw invalidInput([{ path: '/id', code: 'invalid_value', message: "must be the path's id, or absent" }]);
}

import { typeid } from 'typeid-js';
import { chosenId } from '../../domain/ids.ts';
import { invalidInput, notFound } from '../errors.ts';

/** Makes an id for a POST that chose none. */
export const newConfigId = (prefix: 'conn' | 'dst' | 'bridge'): string => typeid(prefix).toString();

/**
 * The id in a path.
 * @throws Problem 404 when no such id can exist.
 */
export function pathId(params: unknown, what: string): string {
  const { id } = params as { id: string };
  if (!chosenId.test(id)) throw notFound(what);
  return id;
}

/** @throws Problem 422 when the body names another id than the path. */
export function requireSameId(path: string, body: string | undefined): void {
  if (body !== undefined && body !== path)
    throw invalidInput([{ path: '/id', code: 'invalid_value', message: 'must be the id in the path, or absent' }]);
}

import { Type } from 'typebox';

/** The schema of a text that is one of `values`. TypeBox's own enum has no `type`, which generators of clients need. */
export function choice<T extends string>(values: readonly T[], options: { description?: string; default?: T } = {}) {
  return Type.Unsafe<T>({ type: 'string', enum: [...values], ...options });
}

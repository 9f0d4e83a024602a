import { configFields } from '../../src/config-fields.ts';

/**
 * The environment of this process without any setting of Carillon, so that a run does not depend on where it was
 * started.
 */
export function plainEnvironment(): Readonly<Record<string, string | undefined>> {
  const ours = new Set<string>(configFields.map(({ name }) => name));
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.has(name)));
}

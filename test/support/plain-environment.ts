import { configFields } from '../../src/config-fields.ts';

/** Ours without any setting of Carillon: a run is the same whoever starts it. */
export function plainEnvironment(): Readonly<Record<string, string | undefined>> {
  const ours = new Set<string>(configFields.map(({ name }) => name));
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.has(name)));
}

/**
 * The environment as the supervisor hands it on: children get all of it, whatever it means to them. Settings of
 * Carillon itself come from config.ts and nowhere else.
 */
export function inheritedEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** A variable of the system (PATH, XDG_CACHE_HOME); an empty one counts as not set. */
export function inherited(name: string): string | undefined {
  return inheritedEnvironment()[name] || undefined;
}

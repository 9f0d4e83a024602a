/** The environment that child processes inherit unchanged. Carillon's own settings come from config.ts only. */
export function inheritedEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** A system variable such as PATH or XDG_CACHE_HOME. An empty one counts as not set. */
export function inherited(name: string): string | undefined {
  return inheritedEnvironment()[name] || undefined;
}

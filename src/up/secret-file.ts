import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';

/**
 * Reads a secret of 32 random bytes (base64url) from a file that only its owner may read. Makes the file if it does not
 * exist. It appears complete or not at all, and a second process that makes it at the same time reads the first one's.
 */
export function secretFile(path: string): string {
  const next = `${path}.${process.pid}`;
  writeFileSync(next, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  try {
    linkSync(next, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(next);
  }
  return readFileSync(path, 'utf8').trim();
}

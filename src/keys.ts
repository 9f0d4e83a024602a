import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Config } from './config.ts';
import { newKeyRingEntry, parseKeyRing, type KeyRing } from './store/db/key-ring.ts';

/**
 * Reads the key ring from CARILLON_KEYS, CARILLON_KEYS_FILE or `$CARILLON_HOME/keys`, in this order. The last one is
 * made when it does not exist. Two processes that start at the same time get the same ring, because only one can create
 * the file.
 * @throws KeyRingError when the given keys cannot be used.
 */
export function loadKeyRing(config: Config): KeyRing {
  if (config.keys !== undefined) return parseKeyRing(config.keys);
  if (config.keysFile !== undefined) return parseKeyRing(readFileSync(config.keysFile, 'utf8'));
  const file = `${config.home}/keys`;
  mkdirSync(config.home, { recursive: true });
  try {
    writeFileSync(file, `${newKeyRingEntry('k1')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return parseKeyRing(readFileSync(file, 'utf8'));
}

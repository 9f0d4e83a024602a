import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Db } from './db.ts';

/** Thrown for a ring that can't be read, or that can't open what is stored; never contains key material. */
export class KeyRingError extends Error {
  override name = 'KeyRingError';
}

/** The keys of content and credentials at rest; the first one seals, all of them open. */
export interface KeyRing {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

const version = 1;
const ivBytes = 12; // NIST SP 800-38D: 96 bits, random per sealing
const tagBytes = 16;

/**
 * Reads `id:base64` entries, separated by commas or line breaks. Keys are 32 bytes (AES-256).
 * @throws KeyRingError saying which entry is wrong, without showing it.
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = new Map<string, Buffer>();
  const entries = text.split(/[,\n]/).map((entry) => entry.trim());
  for (const [index, entry] of entries.filter((line) => line !== '' && !line.startsWith('#')).entries()) {
    const [id, encoded, ...rest] = entry.split(':');
    const key = Buffer.from(encoded ?? '', 'base64');
    if (id === undefined || !/^[A-Za-z0-9_-]{1,32}$/.test(id) || rest.length > 0 || key.length !== 32)
      throw new KeyRingError(`key ring, entry ${index + 1}: want id:base64 with 32 bytes`);
    if (keys.has(id)) throw new KeyRingError(`key ring, entry ${index + 1}: the id ${id} is there twice`);
    keys.set(id, key);
  }
  const current = keys.keys().next().value;
  if (current === undefined) throw new KeyRingError('key ring: it holds no key');
  return { current, keys };
}

/** One new entry for a ring. */
export function newKeyRingEntry(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/**
 * AES-256-GCM. Layout: version, length of the key's id, key's id, IV, tag, ciphertext.
 * @param place what the bytes belong to; opening them elsewhere fails, so rows can't be swapped.
 */
export function seal(ring: KeyRing, place: string, plain: string | Uint8Array): Buffer {
  const key = ring.keys.get(ring.current);
  if (key === undefined) throw new KeyRingError('key ring: the current key is missing');
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(place));
  const body = Buffer.concat([
    typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain),
    cipher.final(),
  ]);
  const id = Buffer.from(ring.current);
  return Buffer.concat([Buffer.from([version, id.length]), id, iv, cipher.getAuthTag(), body]);
}

/** @throws KeyRingError where the key is not in the ring, or the bytes are not what was sealed for this place. */
export function open(ring: KeyRing, place: string, sealed: Buffer): string {
  return openBytes(ring, place, sealed).toString('utf8');
}

/** As `open`, of what is no text. */
export function openBytes(ring: KeyRing, place: string, sealed: Buffer): Buffer {
  const idEnd = 2 + (sealed[1] ?? 0);
  const id = sealed.subarray(2, idEnd).toString();
  if (sealed[0] !== version) throw new KeyRingError(`${place}: sealed by an unknown version`);
  const key = ring.keys.get(id);
  if (key === undefined) throw new KeyRingError(`${place}: sealed with key ${id}, which is not in the ring`);
  const iv = sealed.subarray(idEnd, idEnd + ivBytes);
  const tag = sealed.subarray(idEnd + ivBytes, idEnd + ivBytes + tagBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(tag);
  try {
    const body = sealed.subarray(idEnd + ivBytes + tagBytes);
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch (cause) {
    throw new KeyRingError(`${place}: can't be opened with key ${id}`, { cause });
  }
}

/**
 * Called once at the start of every process: proves that this ring opens what is stored, and enters its current key.
 * @throws KeyRingError naming the key that is missing or differs.
 */
export async function checkKeyRing(sql: Db, ring: KeyRing): Promise<void> {
  const stored = await sql<{ id: string; check: Buffer }[]>`select id, check_value as check from sealing_keys`;
  for (const { id, check } of stored) open(ring, `sealing key ${id}`, check);
  await sql`
    insert into sealing_keys (id, check_value)
    values (${ring.current}, ${seal(ring, `sealing key ${ring.current}`, 'carillon')})
    on conflict do nothing`;
}

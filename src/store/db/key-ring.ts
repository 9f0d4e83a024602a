import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Db } from './db.ts';

/** The key ring cannot be read, or cannot open stored data. The message never contains key material. */
export class KeyRingError extends Error {
  override name = 'KeyRingError';
}

/** The keys that encrypt content and credentials at rest. The first key seals, all keys open. */
export interface KeyRing {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

const version = 1;
const ivBytes = 12; // 96 bits, random for each sealing (NIST SP 800-38D)
const tagBytes = 16;

/**
 * Reads `id:base64` entries that are separated by commas or line breaks. A key has 32 bytes (AES-256).
 * @throws KeyRingError that names the number of the wrong entry, without its text.
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

/** @returns a new entry for a key ring, with a random key. */
export function newKeyRingEntry(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/**
 * Encrypts with AES-256-GCM under the first key. The result is, in this order: version (1 byte), length of the key's id
 * (1 byte), the key's id, IV, tag, ciphertext.
 * @param owner names the row that the bytes belong to. They open only with the same owner, so rows cannot be swapped.
 */
export function seal(ring: KeyRing, owner: string, plain: string | Uint8Array): Buffer {
  const key = ring.keys.get(ring.current);
  if (key === undefined) throw new KeyRingError('key ring: the current key is missing');
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(owner));
  const body = Buffer.concat([
    typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain),
    cipher.final(),
  ]);
  const id = Buffer.from(ring.current);
  return Buffer.concat([Buffer.from([version, id.length]), id, iv, cipher.getAuthTag(), body]);
}

/**
 * Decrypts to text.
 * @throws KeyRingError where the key is not in the ring, or the bytes were not sealed for this owner.
 */
export function open(ring: KeyRing, owner: string, sealed: Buffer): string {
  return openBytes(ring, owner, sealed).toString('utf8');
}

/** As `open`, for bytes that are no text. */
export function openBytes(ring: KeyRing, owner: string, sealed: Buffer): Buffer {
  const idEnd = 2 + (sealed[1] ?? 0);
  const id = sealed.subarray(2, idEnd).toString();
  if (sealed[0] !== version) throw new KeyRingError(`${owner}: sealed by an unknown version`);
  const key = ring.keys.get(id);
  if (key === undefined) throw new KeyRingError(`${owner}: sealed with key ${id}, which is not in the ring`);
  const iv = sealed.subarray(idEnd, idEnd + ivBytes);
  const tag = sealed.subarray(idEnd + ivBytes, idEnd + ivBytes + tagBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(owner));
  decipher.setAuthTag(tag);
  try {
    const body = sealed.subarray(idEnd + ivBytes + tagBytes);
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch (cause) {
    throw new KeyRingError(`${owner}: can't be opened with key ${id}`, { cause });
  }
}

/**
 * Checks that this ring has every key that the database has recorded, and records the ring's current key. Every process
 * calls it once, when it starts.
 * @throws KeyRingError that names the key that is missing or different.
 */
export async function checkKeyRing(sql: Db, ring: KeyRing): Promise<void> {
  const stored = await sql<{ id: string; check: Buffer }[]>`select id, check_value as check from sealing_keys`;
  for (const { id, check } of stored) open(ring, `sealing key ${id}`, check);
  await sql`
    insert into sealing_keys (id, check_value)
    values (${ring.current}, ${seal(ring, `sealing key ${ring.current}`, 'carillon')})
    on conflict do nothing`;
}

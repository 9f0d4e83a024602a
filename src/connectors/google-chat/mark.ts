import { createHash } from 'node:crypto';

/**
 * What every Carillon's posts are called by, so that each knows the others' (`spaces.messages.create`, `messageId`: begins
 * with `client-`, at most 63 characters, lower-case letters, digits and hyphens, once in a space).
 */
const prefix = 'client-carillon-';

/** The name that we give the message of a key, `Outgoing.key`: the same in every attempt. */
export function clientId(key: string): string {
  const plain = key.replaceAll('_', '-');
  if (/^[a-z0-9-]{1,40}$/.test(plain)) return prefix + plain;
  return prefix + digestOf(key).slice(0, 40);
}

/** `requestId` of a key: a UUID, the same in every attempt (RFC 9562, section 5.8: made our own way). */
export function requestId(key: string): string {
  const hex = digestOf(`request ${key}`);
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}

/** Whether a Carillon, be it another one, named the message: then it is a copy of what was said elsewhere. */
export const isOurs = (clientAssigned: string | undefined): boolean => clientAssigned?.startsWith(prefix) === true;

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

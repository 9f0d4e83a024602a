import { createHash } from 'node:crypto';

/**
 * The beginning of the names of every Carillon's posts, by which each Carillon recognizes the posts of others
 * (`spaces.messages.create`, `messageId`: begins with `client-`, at most 63 characters, lower-case letters, digits and
 * hyphens, unique in a space).
 */
const prefix = 'client-carillon-';

/** The name for the message of a key (`Outgoing.key`), the same in every attempt. */
export function clientId(key: string): string {
  const plain = key.replaceAll('_', '-');
  if (/^[a-z0-9-]{1,40}$/.test(plain)) return prefix + plain;
  return prefix + digestOf(key).slice(0, 40);
}

/**
 * The `requestId` of a key: a UUID that is the same in every attempt (version 8 of RFC 9562, section 5.8, whose content
 * we may choose).
 */
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

/** Whether any Carillon named the message, which means that it is a copy. */
export const isOurs = (clientAssigned: string | undefined): boolean => clientAssigned?.startsWith(prefix) === true;

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

import { createHash, randomBytes } from 'node:crypto';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Digits of base 62 that 32 bytes need. */
const length = 43;

/** What can be a key of ours; anything else is none, and needs no look at PostgreSQL. */
export const apiKeyPattern = /^ck_[0-9A-Za-z]{43}$/;

/** A new key: `ck_` and 32 random bytes in base 62, which a double click selects whole. */
export function newApiKey(): string {
  let rest = BigInt(`0x${randomBytes(32).toString('hex')}`);
  let text = '';
  for (let place = 0; place < length; place += 1) {
    text = `${digits[Number(rest % 62n)] ?? ''}${text}`;
    rest /= 62n;
  }
  return `ck_${text}`;
}

/** What is stored of a key. A slow hash would protect nothing: nobody guesses 256 random bits. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

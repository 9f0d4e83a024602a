import { createHash, randomBytes } from 'node:crypto';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The number of base 62 digits that 32 bytes need. */
const length = 43;

/** The form of an API key. A text of any other form needs no query to be refused. */
export const apiKeyPattern = /^ck_[0-9A-Za-z]{43}$/;

/** Makes a new key: `ck_` and 32 random bytes in base 62. A double click selects all of it. */
export function newApiKey(): string {
  let rest = BigInt(`0x${randomBytes(32).toString('hex')}`);
  let text = '';
  for (let place = 0; place < length; place += 1) {
    text = `${digits[Number(rest % 62n)] ?? ''}${text}`;
    rest /= 62n;
  }
  return `ck_${text}`;
}

/** The hash that PostgreSQL stores of a key. A slow hash would add nothing: 256 random bits cannot be guessed. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

import { createHash } from 'node:crypto';
import type { AccessTokens, IssuedToken } from '../contract/context.ts';

/**
 * A token is renewed this long before it expires, because clocks differ. A token that lives less than 20 minutes is
 * renewed after three quarters of its life instead.
 */
const renewAheadSeconds = 300;
const maxTokens = 10_000;

interface Kept {
  readonly token: string;
  /** In milliseconds on the clock of `performance.now()`. */
  readonly until: number;
}

/**
 * Creates the cache of access tokens for all connections of this process. It keeps at most 10 000 tokens; the one that
 * was obtained first is dropped for a new one.
 */
export function createAccessTokens(): AccessTokens {
  const kept = new Map<string, Kept>();
  const pending = new Map<string, Promise<string>>();

  async function load(key: string, obtain: () => Promise<IssuedToken>): Promise<string> {
    const start = performance.now();
    const { token, expiresInSeconds } = await obtain();
    const seconds = Math.max(expiresInSeconds - renewAheadSeconds, expiresInSeconds * 0.75);
    kept.delete(key);
    kept.set(key, { token, until: start + seconds * 1_000 });
    const [oldest] = kept.keys();
    if (kept.size > maxTokens && oldest !== undefined) kept.delete(oldest);
    return token;
  }

  return {
    async get(credentials, obtain) {
      const key = createHash('sha256').update(JSON.stringify(credentials)).digest('base64');
      const known = kept.get(key);
      if (known !== undefined && performance.now() < known.until) return known.token;
      const under = pending.get(key);
      if (under !== undefined) return under;
      const work = load(key, obtain).finally(() => pending.delete(key));
      pending.set(key, work);
      return work;
    },
    drop(token) {
      for (const [key, one] of kept) if (one.token === token) kept.delete(key);
    },
  };
}

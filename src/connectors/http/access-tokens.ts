import { createHash } from 'node:crypto';

/** What a platform handed out for credentials. */
export interface IssuedToken {
  readonly token: string;
  /** Seconds from now, as the platform said. */
  readonly expiresInSeconds: number;
}

/**
 * Access tokens of all connections of this process. An expired token is no failure: a new one is obtained, and only where
 * that is refused are the credentials bad.
 */
export interface AccessTokens {
  /**
   * The token for these credentials: a kept one, else what `obtain` hands out. However many ask at once, it is obtained
   * once.
   * @param credentials all that the token depends on, such as URL, client, secret and scope; kept as a hash only.
   * @throws what `obtain` throws.
   */
  get(credentials: readonly string[], obtain: () => Promise<IssuedToken>): Promise<string>;
  /** The platform refused this token before its time, as after a revocation: it is not handed out again. */
  drop(token: string): void;
}

/** A token is renewed this long before its end, or after three quarters of its life where that is earlier: clocks differ. */
const renewAheadSeconds = 300;
const maxTokens = 10_000;

interface Kept {
  readonly token: string;
  /** By `performance.now()`. */
  readonly until: number;
}

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

import type { ConnectionId, DestinationId } from '../../domain/ids.ts';
import type { Http } from './http.ts';

/** An access token that a platform issued in exchange for credentials. */
export interface IssuedToken {
  readonly token: string;
  /** Lifetime in seconds from now, as stated by the platform. */
  readonly expiresInSeconds: number;
}

/**
 * The access tokens of all connections of this process. An expired token is not a failure: a new one is obtained. The
 * credentials are bad only if the platform refuses to issue a new one.
 */
export interface AccessTokens {
  /**
   * Returns the cached token for these credentials, or obtains one. Concurrent callers share a single call of `obtain`.
   * @param credentials everything on which the token depends, such as URL, client, secret and OAuth scope. Only a hash
   * of it is kept.
   * @throws whatever `obtain` throws.
   */
  get(credentials: readonly string[], obtain: () => Promise<IssuedToken>): Promise<string>;
  /** Forgets a token that the platform refused before its time, for example after a revocation. */
  drop(token: string): void;
}

/** Settings or an address as they are stored. They were checked against the connector's fields before. */
export type Values = Readonly<Record<string, unknown>>;

/** A destination and the connection through which it is reached. */
export interface Target {
  readonly connection: { readonly id: ConnectionId; readonly settings: Values };
  readonly destination: { readonly id: DestinationId; readonly address: Values };
}

/** What every call to a platform needs. */
export interface LookUpContext {
  readonly http: Http;
  readonly tokens: AccessTokens;
  readonly now: Date;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * A file that is being downloaded. Its bytes can be read once. A caller that stops early must leave the `for await`
 * loop or call `drop`, so that the connection is released.
 */
export interface Download {
  /** The content type of the answer without its parameters; `application/octet-stream` if the answer has none. */
  readonly mediaType: string;
  /** Size in bytes, if the answer states it. */
  readonly size?: number;
  /** @throws SendFailure `transient` if the download breaks off. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Abandons the bytes that were not read. */
  drop(): void;
}

/** The connection that a request to `/hooks/{connection}` came for. */
export interface HookConnection {
  readonly id: ConnectionId;
  readonly settings: Values;
  /**
   * The address that the platform calls: `https://…/hooks/{connection}`. Only set for the code that keeps
   * subscriptions, and only if `CARILLON_PUBLIC_URL` is configured and that path finds this connection (`hookTenant`).
   */
  readonly url?: string;
}

/**
 * For several calls that share one time-out. Returns a function that gives the context of the next call with what is
 * left of `timeoutMs`, and at least 1 ms, because 0 would mean no limit.
 */
export function timeLeft<C extends { readonly timeoutMs: number }>(context: C): () => C {
  const end = performance.now() + context.timeoutMs;
  return () => ({ ...context, timeoutMs: Math.max(1, Math.floor(end - performance.now())) });
}

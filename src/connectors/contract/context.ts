import type { ConnectionId, DestinationId } from '../../domain/ids.ts';
import type { Http } from './http.ts';

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

/** Settings and addresses as stored: checked against the connector's fields before they get here. */
export type Values = Readonly<Record<string, unknown>>;

export interface Target {
  readonly connection: { readonly id: ConnectionId; readonly settings: Values };
  readonly destination: { readonly id: DestinationId; readonly address: Values };
}

/** What every call to a platform needs. */
export interface LookUpContext {
  readonly http: Http;
  readonly tokens: AccessTokens;
  readonly now: Date;
  /** In milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A file on its way in. Its bytes are read once; whoever does not read them to their end must leave the loop. */
export interface Download {
  /** As the answer says, without its parameters; `application/octet-stream` where it says nothing. */
  readonly mediaType: string;
  /** Bytes, where the answer says it. */
  readonly size?: number;
  /** @throws SendFailure transient where they break off. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Gives up what was not read. */
  drop(): void;
}

/** The connection that a request came for. */
export interface HookConnection {
  readonly id: ConnectionId;
  readonly settings: Values;
  /** The address that the platform calls: `https://…/hooks/{connection}`. Known to what makes subscriptions, and only where the configuration says so. */
  readonly url?: string;
}

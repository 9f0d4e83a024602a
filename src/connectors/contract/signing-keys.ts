import type { KeyObject } from 'node:crypto';

/** Where an issuer publishes its keys. */
export interface KeySource {
  readonly url: string;
  /**
   * `jwks`: a JWK Set (RFC 7517). `openid`: a discovery document that names one (`jwks_uri`). `x509`: an object of
   * certificates by key id, as Google publishes them.
   */
  readonly form: 'jwks' | 'openid' | 'x509';
}

export interface PublishedKey {
  readonly key: KeyObject;
  /** As published, for what issuers add to it, such as `endorsements`; empty for a certificate. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** Public keys of issuers. Fetched when they are needed, and kept. */
export interface SigningKeys {
  /**
   * @returns undefined where the issuer publishes no such key.
   * @throws SigningKeysUnavailable where it could not be asked and nothing is known of it yet.
   */
  find(source: KeySource, kid: string): Promise<PublishedKey | undefined>;
}

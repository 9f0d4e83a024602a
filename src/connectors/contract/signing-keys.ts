import type { KeyObject } from 'node:crypto';

/** Where an issuer publishes its keys. */
export interface KeySource {
  readonly url: string;
  /**
   * `jwks`: a JWK Set (RFC 7517). `openid`: a discovery document that points to one (`jwks_uri`). `x509`: an object
   * that maps key ids to certificates, as Google publishes them.
   */
  readonly form: 'jwks' | 'openid' | 'x509';
}

export interface PublishedKey {
  readonly key: KeyObject;
  /** The published JWK, for the members that issuers add, such as `endorsements`; empty for a certificate. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** The public keys of issuers, fetched when needed and cached. */
export interface SigningKeys {
  /**
   * @returns undefined if the issuer publishes no key with this id.
   * @throws SigningKeysUnavailable if the issuer could not be reached and no key of it is known yet.
   */
  find(source: KeySource, kid: string): Promise<PublishedKey | undefined>;
}

import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/**
 * The key with which Google signs, in the forms in which it is published. There is one key for all tokens, and a new
 * one at each start.
 */
export interface IssuerKeys {
  /** A JWK Set, like that of /oauth2/v3/certs. */
  jwks(): object;
  /** Certificates by key id, like those of /service_accounts/v1/metadata/x509/…. */
  x509(): object;
  /** Returns a JWT with these claims, signed with RS256. */
  token(claims: Readonly<Record<string, unknown>>): string;
}

export function createIssuerKeys(): IssuerKeys {
  let made: { kid: string; publicKey: KeyObject; privateKey: KeyObject } | undefined;
  // The key is made at its first use: that takes a moment, and most users of the simulator need no key.
  const key = () => {
    made ??= { kid: `sim${Date.now().toString(36)}`, ...generateKeyPairSync('rsa', { modulusLength: 2_048 }) };
    return made;
  };
  return {
    jwks() {
      const { kid, publicKey } = key();
      return { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] };
    },
    x509() {
      const { kid, publicKey, privateKey } = key();
      return { [kid]: certificate(publicKey, privateKey) };
    },
    token(claims) {
      const { kid, privateKey } = key();
      const parts = [{ alg: 'RS256', kid, typ: 'JWT' }, claims].map((part) =>
        Buffer.from(JSON.stringify(part)).toString('base64url'),
      );
      const signature = sign('sha256', Buffer.from(parts.join('.')), privateKey).toString('base64url');
      return `${parts.join('.')}.${signature}`;
    },
  };
}

/**
 * Returns a self-signed certificate that is valid for ten years, in PEM (RFC 5280, section 4.1). Node.js can read
 * certificates but not make them.
 */
function certificate(publicKey: KeyObject, privateKey: KeyObject): string {
  const sha256WithRsa = der(0x30, Buffer.from('06092a864886f70d01010b0500', 'hex'));
  const commonName = der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('simulated')));
  const name = der(0x30, der(0x31, commonName));
  const time = (years: number): Buffer => {
    const at = new Date(Date.now() + years * 365 * 86_400_000).toISOString();
    return der(0x17, Buffer.from(`${at.slice(2, 19).replaceAll(/[-T:]/g, '')}Z`));
  };
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    sha256WithRsa,
    name,
    der(0x30, time(0), time(10)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const base64 = der(0x30, body, sha256WithRsa, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** Encodes a value in DER: tag, length and value (ITU-T X.690, section 8.1). Lengths up to 65 535 bytes. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), value]);
}

import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { Http } from '../contract/http.ts';
import type { KeySource, PublishedKey, SigningKeys } from '../contract/signing-keys.ts';

export class SigningKeysUnavailable extends Error {
  override name = 'SigningKeysUnavailable';
}

/** Bot Framework's own clients keep keys for one day (botframework-connector 4.23, openIdMetadata). */
const keepMs = 24 * 3_600_000;
/**
 * An unknown key id may belong to a new key, so the issuer is asked again, but only after this time: a stranger could
 * otherwise make us ask for every made-up id.
 */
const askAgainMs = 5 * 60_000;
const timeoutMs = 2_500;
const maxBytes = 512 * 1_024;

interface Known {
  readonly keys: ReadonlyMap<string, PublishedKey>;
  /** In milliseconds on the clock of `performance.now()`. */
  readonly askedAt: number;
}

/** Fetches the keys by which requests from Microsoft and Google are verified, and caches them for one day. */
export function createSigningKeys(http: Http): SigningKeys {
  const known = new Map<string, Known>();
  const pending = new Map<string, Promise<Known>>();

  async function readJson(url: string): Promise<unknown> {
    const headers = { accept: 'application/json', 'user-agent': 'Carillon' };
    const signal = new AbortController().signal;
    const answer = await http.request({ method: 'GET', url, headers, timeoutMs, signal, maxResponseBytes: maxBytes });
    if (answer.status !== 200 || !answer.complete) throw new Error(`${url} answered ${answer.status}`);
    return JSON.parse(answer.text) as unknown;
  }

  async function load({ url, form }: KeySource): Promise<Known> {
    const askedAt = performance.now();
    if (form === 'x509') return { keys: certificates(await readJson(url)), askedAt };
    const document = await readJson(url);
    const jwks = form === 'jwks' ? document : await readJson(jwksUrl(document));
    return { keys: keySet(jwks), askedAt };
  }

  /** Fetches an issuer's keys. If the issuer cannot be reached, the keys that are known stay in use. */
  async function refresh(source: KeySource): Promise<Known> {
    const name = `${source.form} ${source.url}`;
    const under = pending.get(name);
    if (under !== undefined) return under;
    const work = load(source)
      .catch((cause: unknown) => {
        const before = known.get(name);
        if (before === undefined)
          throw new SigningKeysUnavailable('the issuer of the signature could not be asked for its keys', { cause });
        return { ...before, askedAt: performance.now() };
      })
      .then((loaded) => {
        known.set(name, loaded);
        return loaded;
      })
      .finally(() => pending.delete(name));
    pending.set(name, work);
    return work;
  }

  return {
    async find(source, kid) {
      let current = known.get(`${source.form} ${source.url}`);
      const ageMs = current === undefined ? Number.POSITIVE_INFINITY : performance.now() - current.askedAt;
      if (current === undefined || ageMs > keepMs || (!current.keys.has(kid) && ageMs > askAgainMs))
        current = await refresh(source);
      return current.keys.get(kid);
    },
  };
}

function jwksUrl(document: unknown): string {
  const { jwks_uri: url } = (document ?? {}) as { jwks_uri?: unknown };
  if (typeof url !== 'string') throw new Error('the discovery document names no keys');
  return url;
}

/** Skips keys that cannot verify a signature, such as those without an id or of an unknown type. */
function keySet(jwks: unknown): ReadonlyMap<string, PublishedKey> {
  const { keys } = (jwks ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('the issuer published no set of keys');
  const usable = new Map<string, PublishedKey>();
  for (const jwk of keys as (JsonWebKey & { kid?: unknown; use?: unknown })[]) {
    if (typeof jwk !== 'object' || jwk === null || typeof jwk.kid !== 'string') continue;
    if (jwk.kty !== 'RSA' && jwk.kty !== 'EC') continue;
    usable.set(jwk.kid, { key: createPublicKey({ key: jwk, format: 'jwk' }), jwk });
  }
  return usable;
}

function certificates(document: unknown): ReadonlyMap<string, PublishedKey> {
  if (typeof document !== 'object' || document === null) throw new Error('the issuer published no certificates');
  const usable = Object.entries(document).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return new Map(usable.map(([kid, pem]) => [kid, { key: createPublicKey(pem), jwk: {} }]));
}

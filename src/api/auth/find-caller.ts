import { timingSafeEqual } from 'node:crypto';
import { chosenId, defaultTenant, type TenantId } from '../../domain/ids.ts';
import { findUsableKey, noteKeyUse, type UsableKey } from '../../store/config/api-keys.ts';
import { findTenant } from '../../store/config/tenants.ts';
import { apiKeyPattern, hashKey } from './api-key.ts';
import type { Caller } from './caller.ts';
import type { ApiDeps } from '../deps.ts';
import { notFound, Problem } from '../errors.ts';
import { createGate } from '../limits/concurrency.ts';
import { createLookUpCache } from '../limits/look-up-cache.ts';
import { TimeLimitError, within } from '../limits/time-limit.ts';

/** A revoked key may be accepted for this long. docs/operating.md promises the same time. */
const usualKeepMs = 5_000;
const maxEntries = 10_000;
/** Look-ups of keys use at most this many connections of the pool, so that a client with wrong keys blocks no other. */
const lookUpsAtOnce = 4;
const maxPending = 500;
/** PostgreSQL ends the statement after 1 s. This limit is for a PostgreSQL that no longer answers at all. */
const limitMs = 1_500;

/**
 * @param token the key that the request was sent with.
 * @param wanted the tenant that the request names, if any.
 * @returns undefined when the key is not valid.
 * @throws Problem 403 when the request names another tenant than the key's, 404 when the administrator names an unknown
 * tenant, 503 when PostgreSQL does not answer.
 */
export type FindCaller = (token: string, wanted: string | undefined) => Promise<Caller | undefined>;

/**
 * Returns the function that finds the caller of a key. It usually needs no query, because keys and tenants that were
 * found are cached for 5 s.
 */
export function callerFinder({ acceptSql, adminKey, logger, keyCacheMs = usualKeepMs }: ApiDeps): FindCaller {
  const gate = createGate(lookUpsAtOnce);
  const shared = { maxEntries, maxPending };
  const findKey = createLookUpCache<UsableKey>({
    ...shared,
    lookUp: (hash) => gate(() => findUsable(Buffer.from(hash, 'hex'))),
    keepMs: ({ expiresInMs }) => Math.min(keyCacheMs, expiresInMs ?? Infinity),
  });
  const findTenantId = createLookUpCache<TenantId>({
    ...shared,
    lookUp: (id) => gate(async () => (await findTenant(acceptSql, id))?.id),
    keepMs: () => keyCacheMs,
  });

  async function findUsable(hash: Buffer): Promise<UsableKey | undefined> {
    const key = await findUsableKey(acceptSql, hash);
    // Do not wait for this write. Keys must work even on a server that is read-only.
    if (key?.isUseUnnoted === true)
      noteKeyUse(acceptSql, key.id).catch((error: unknown) =>
        logger.debug({ err: error }, 'the use of a key was not recorded'),
      );
    return key;
  }

  const adminHash = hashKey(adminKey);
  return async (token, wanted) => {
    const hash = hashKey(token);
    if (timingSafeEqual(hash, adminHash)) {
      const isThere = async (id: string): Promise<boolean> =>
        id === defaultTenant || (chosenId.test(id) && (await soon(findTenantId(id))) !== undefined);
      const tenant = wanted ?? defaultTenant;
      if (!(await isThere(tenant))) throw notFound('tenant');
      return {
        tenant,
        key: 'admin',
        scopes: ['admin'],
        isAdministrator: true,
        isStillValid: () => isThere(tenant),
      };
    }
    if (!apiKeyPattern.test(token)) return undefined;
    const find = (): Promise<UsableKey | undefined> => soon(findKey(hash.toString('hex')));
    const key = await find();
    if (key === undefined) return undefined;
    const { id, tenant, scopes } = key;
    if (wanted !== undefined && wanted !== tenant)
      throw new Problem('forbidden', 'This key belongs to another tenant than the one in carillon-tenant.');
    return { tenant, key: id, scopes, isAdministrator: false, isStillValid: async () => (await find()) !== undefined };
  };
}

async function soon<T>(work: Promise<T>): Promise<T> {
  try {
    return await within(limitMs, work);
  } catch (error) {
    if (!(error instanceof TimeLimitError)) throw error;
    throw new Problem('unavailable', 'The database does not answer at the moment.', { cause: error });
  }
}

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

/** How long a revoked key may still be taken. docs/operating.md says it too. */
const usualKeepMs = 5_000;
const maxEntries = 10_000;
/** Of the pool's connections, those that looking up keys may keep busy: whoever sends wrong ones stops nobody else. */
const lookUpsAtOnce = 4;
const maxPending = 500;
/** PostgreSQL ends the statement after 1 s; this is for one that hears nobody any more. */
const limitMs = 1_500;

/**
 * @param wanted the tenant that the request names, if it does.
 * @returns undefined for a key that is none.
 * @throws Problem 403 for another tenant than the key's, 404 for one that is not there, 503 when PostgreSQL can't tell.
 */
export type FindCaller = (token: string, wanted: string | undefined) => Promise<Caller | undefined>;

/** Finds out who calls, as a rule without a query: what was looked up is used for some seconds. */
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
    // Nobody waits for it: on a server that can only be read, keys work all the same.
    if (key?.isUseUnnoted === true)
      noteKeyUse(acceptSql, key.id).catch((error: unknown) =>
        logger.debug({ err: error }, "a key's use was not noted"),
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
      throw new Problem('forbidden', 'This key is of another tenant than carillon-tenant names.');
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

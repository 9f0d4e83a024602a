import type { Inbound } from '../../connectors/contract/inbound.ts';
import type { HookConnection } from '../../connectors/contract/context.ts';
import { chosenId, hookTenant, type TenantId } from '../../domain/ids.ts';
import { hookConnection } from '../../store/config/connections.ts';
import type { ApiDeps } from '../deps.ts';
import { createGate } from '../limits/concurrency.ts';
import { createLookUpCache } from '../limits/look-up-cache.ts';
import { within } from '../limits/time-limit.ts';

/** The connection that a hook's path belongs to. */
export interface Hook {
  readonly tenant: TenantId;
  readonly connection: HookConnection;
  readonly inbound: Inbound;
}

/** A secret that was replaced may be accepted for this long. docs/operating.md promises the same time. */
const keepMs = 5_000;
const maxEntries = 10_000;
const lookUpsAtOnce = 4;
const maxPending = 500;
const limitMs = 1_500;

/**
 * Returns the function that finds the connection of a hook by the id in its path. Ids that Carillon made are found in
 * every tenant. Ids that a user chose are found only in the default tenant, because another tenant may have chosen the
 * same id.
 * @returns undefined when there is no such connection, or its platform sends no events.
 */
export function findHook({ acceptSql, ring, connectors }: ApiDeps): (id: string) => Promise<Hook | undefined> {
  const gate = createGate(lookUpsAtOnce);
  const find = createLookUpCache<Hook>({
    lookUp: (id) => gate(() => load(id)),
    keepMs: () => keepMs,
    maxEntries,
    maxPending,
  });

  async function load(id: string): Promise<Hook | undefined> {
    const found = await hookConnection(acceptSql, ring, id, hookTenant(id));
    const inbound = connectors.find(({ name }) => name === found?.connector)?.inbound;
    if (found === undefined || inbound === undefined) return undefined;
    return { tenant: found.tenant, connection: { id, settings: found.settings }, inbound };
  }

  return async (id) => (chosenId.test(id) ? within(limitMs, find(id)) : undefined);
}

import type { TenantId } from '../../domain/ids.ts';
import type { Sql } from '../db/db.ts';
import { loadPlan, type TenantPlan } from '../config/destinations.ts';

/** Gives the configuration that messages are planned from. */
export type Plan = TenantPlan;

export interface PlanCache {
  /**
   * The configuration in memory, or loaded where there is none. It may be out of date: `accept` compares the version
   * (A3).
   */
  current(): Promise<Plan>;
  /** A configuration that has everything that was committed before this call. */
  reload(): Promise<Plan>;
}

/**
 * Keeps one tenant's configuration in memory. When many requests find it out of date at once, one load is under way and
 * at most one more waits. A load that began before a request cannot serve it, because it may have seen the database
 * from before.
 */
function createPlanCache(sql: Sql, tenant: TenantId): PlanCache {
  let loaded: Plan | undefined;
  let running: Promise<Plan> | undefined;
  let next: Promise<Plan> | undefined;

  async function load(): Promise<Plan> {
    loaded = await loadPlan(sql, tenant);
    return loaded;
  }
  function start(): Promise<Plan> {
    next = undefined;
    running = load().finally(() => (running = undefined));
    return running;
  }
  function reload(): Promise<Plan> {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  }
  return { current: async () => loaded ?? reload(), reload };
}

/** How many tenants' configurations are in memory at once. Another one is loaded again when it is needed. */
const maxTenants = 1_000;

export interface PlanCaches {
  of(tenant: TenantId): PlanCache;
}

/** One cache per tenant, made when it is needed. Where there are too many, the least recently used one is dropped. */
export function createPlanCaches(sql: Sql): PlanCaches {
  const caches = new Map<TenantId, PlanCache>();
  return {
    of(tenant) {
      const cache = caches.get(tenant) ?? createPlanCache(sql, tenant);
      caches.delete(tenant);
      caches.set(tenant, cache);
      const [oldest] = caches.keys();
      if (caches.size > maxTenants && oldest !== undefined) caches.delete(oldest);
      return cache;
    },
  };
}

import type { TenantId } from '../../domain/ids.ts';
import type { Sql } from '../db/db.ts';
import { loadPlan, type TenantPlan } from '../config/destinations.ts';

/** The configuration that messages are planned from, as of one version. */
export type Plan = TenantPlan;

export interface PlanCache {
  /** What is in memory, else loaded. May be behind: `accept` compares the version. */
  current(): Promise<Plan>;
  /** Holds everything that was committed before this call. */
  reload(): Promise<Plan>;
}

/**
 * Keeps one tenant's plan in memory. However many requests find it behind at once, one load is under way and at most
 * one more is waiting: a load that began before a request may have seen the database from before, so it does not serve.
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

/** Tenants whose plans are in memory at once; who comes back later is loaded again. */
const maxTenants = 1_000;

export interface PlanCaches {
  of(tenant: TenantId): PlanCache;
}

/** One cache a tenant, made when it is needed; the one that was used longest ago goes when there are too many. */
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

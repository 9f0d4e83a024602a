import type { DestinationId, TenantId } from '../domain/ids.ts';
import type { Sql } from '../store/db.ts';
import { loadPlan, type PlanEntry } from '../store/destinations.ts';

/** The configuration that messages are planned from, as of one version. */
export interface Plan {
  readonly version: number;
  readonly destinations: ReadonlyMap<DestinationId, PlanEntry>;
}

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
export function createPlanCache(sql: Sql, tenant: TenantId): PlanCache {
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

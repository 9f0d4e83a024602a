import { finalStates } from '../../domain/delivery.ts';
import type { TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';

/** How long a tenant keeps one kind of data, and the setting from which that was read. */
export interface TenantWindow {
  readonly tenant: TenantId;
  /** The tenant's setting as it was read. If it has changed since, nothing of the tenant is removed. */
  readonly retention: unknown;
  /** The window, milliseconds. */
  readonly keepMs: number;
}

export interface BatchRequest {
  /** The workflow id of the pass, under which the removal is reported. */
  readonly pass: string;
  /** The windows of one kind of data. Tenants that are not in this list keep everything. */
  readonly windows: readonly TenantWindow[];
  /** Where the previous batch ended; empty for the first batch of a pass. */
  readonly after: string;
  /**
   * How many rows a batch looks at. Its transaction must stay short, because readers of events wait for all open ones.
   */
  readonly limit: number;
}

export interface Batch {
  readonly removed: number;
  /** Where the next batch continues; null where all other rows are too young. */
  readonly after: string | null;
}

/** Runs one statement that looks at `limit` rows after `after` and removes those that are older than their window. */
export type Remover = (sql: Db, request: BatchRequest) => Promise<Batch>;

export interface BatchRow {
  readonly removed: number;
  readonly scanned: number;
  readonly hasOld: boolean;
  readonly last: string | null;
}

/**
 * A pass ends at a batch whose rows are all too young, and not at the first young row. The clocks of the processes that
 * make ids differ, so rows in the order of their ids are not exactly in the order of their age.
 */
export function toBatch({ removed, scanned, hasOld, last }: BatchRow, limit: number): Batch {
  return { removed, after: scanned === limit && hasOld ? last : null };
}

/** CTE `windows`: for each tenant, the time before which rows are old. */
export const windowsOf = (sql: Db, windows: readonly TenantWindow[]) => sql`
  windows as materialized (
    select w.tenant, w.retention, clock_timestamp() - make_interval(secs => w."keepMs" / 1000) as before
    from jsonb_to_recordset(${json(sql, windows)}) as w (tenant text, retention jsonb, "keepMs" float8))`;

/**
 * CTE `free`: those tenants of CTE `due` whose rows may be removed. It locks the tenants, so that nothing is removed
 * after the answer to the request that set a legal hold. A tenant that is being changed at this moment is left to the
 * next pass.
 */
export const freeTenants = (sql: Db) => sql`
  free as materialized (
    select t.id from tenants t join windows w on w.tenant = t.id
    where not t.legal_hold and t.retention = w.retention and t.id in (select tenant from due)
    order by t.id for share of t skip locked)`;

/** CTE `reported`: adds the rows of CTE `gone` to the pass's report of each tenant. */
export const reportGone = (sql: Db, pass: string, kind: string) => sql`
  reported as (
    insert into housekeeping_reports as r (pass, tenant, kind, removed)
    select ${pass}, tenant, ${kind}, count(*) from gone group by tenant
    on conflict (pass, tenant, kind) do update
    set removed = r.removed + excluded.removed, ended_at = clock_timestamp())`;

/**
 * Whether nothing more can happen to a message: all its deliveries are final, and so are those of the messages that
 * change it, since edits send versions of its content. Parked and uncertain deliveries are not final, because they may
 * be retried. It needs no lock: no transition leads from a final state to another kind of state, and all deliveries of
 * a message are made with it. Uses `deliveries_message` and `messages_refers`.
 */
export const isSettled = (sql: Db, message: 's.id' | 's.message' | 'k.message') => sql`
  not exists (
    select from deliveries n
    where n.message = ${sql(message)} and n.state <> all(${[...finalStates] as string[]}::text[]))
  and not exists (
    select from messages e join deliveries n on n.message = e.id
    where e.refers_to = ${sql(message)} and n.state <> all(${[...finalStates] as string[]}::text[]))`;

type Fragment = ReturnType<Db>;

/**
 * The end of each statement, which selects a `BatchRow`. CTE `scanned` must have the time from which a row's age
 * counts, as `at`.
 * @param last selects from CTE `scanned` where the next batch continues.
 */
export const batchRow = (sql: Db, last: Fragment) => sql`
  select (select count(*)::integer from gone) as removed, (select count(*)::integer from scanned) as scanned,
    exists (select from scanned where at < (select max(before) from windows)) as "hasOld", (${last}) as last`;

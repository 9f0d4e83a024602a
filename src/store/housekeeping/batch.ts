import { finalStates } from '../../domain/delivery.ts';
import type { TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';

/** How long a tenant keeps one kind of data, and the setting that this follows from. */
export interface TenantWindow {
  readonly tenant: TenantId;
  /** As read; where it has changed since, nothing of the tenant is removed. */
  readonly retention: unknown;
  /** Milliseconds. */
  readonly keepMs: number;
}

export interface BatchRequest {
  /** The id of the pass's run in Temporal, under which the removal is reported. */
  readonly pass: string;
  /** Tenants that are not named here keep everything. */
  readonly windows: readonly TenantWindow[];
  /** Where the batch before ended; empty at the beginning of a pass. */
  readonly after: string;
  /** Rows that are looked at: a transaction must stay short, since readers of events wait for all that are open. */
  readonly limit: number;
}

export interface Batch {
  readonly removed: number;
  /** Where the next batch goes on; null when the rest is too young. */
  readonly after: string | null;
}

/** One statement that looks at `limit` rows behind `after` and removes those that are due. */
export type Remover = (sql: Db, request: BatchRequest) => Promise<Batch>;

export interface BatchRow {
  readonly removed: number;
  readonly scanned: number;
  readonly hasOld: boolean;
  readonly last: string | null;
}

/** A pass ends where a whole batch is too young, and not at the first young row: clocks that make ids are never equal. */
export function toBatch({ removed, scanned, hasOld, last }: BatchRow, limit: number): Batch {
  return { removed, after: scanned === limit && hasOld ? last : null };
}

/** CTE `windows`: up to when each tenant's rows are old. */
export const windowsOf = (sql: Db, windows: readonly TenantWindow[]) => sql`
  windows as materialized (
    select w.tenant, w.retention, clock_timestamp() - make_interval(secs => w."keepMs" / 1000) as before
    from jsonb_to_recordset(${json(sql, windows)}) as w (tenant text, retention jsonb, "keepMs" float8))`;

/**
 * CTE `free`: the tenants of CTE `due` from whom may be removed. The lock makes a legal hold exact: once its change is
 * answered nothing is removed any more. Whoever is being changed at this moment is left to the next pass.
 */
export const freeTenants = (sql: Db) => sql`
  free as materialized (
    select t.id from tenants t join windows w on w.tenant = t.id
    where not t.legal_hold and t.retention = w.retention and t.id in (select tenant from due)
    order by t.id for share of t skip locked)`;

/** CTE `reported`: counts CTE `gone` in the pass's reports. */
export const reportGone = (sql: Db, pass: string, kind: string) => sql`
  reported as (
    insert into housekeeping_reports as r (pass, tenant, kind, removed)
    select ${pass}, tenant, ${kind}, count(*) from gone group by tenant
    on conflict (pass, tenant, kind) do update
    set removed = r.removed + excluded.removed, ended_at = clock_timestamp())`;

/**
 * Whether nothing can happen to a message any more: all its deliveries are final, and so are those of its edits, which
 * send versions of its text. What is parked or uncertain may be retried, so it is not. Needs no lock, because no
 * transition leads out of a final state and a message's deliveries are all made with it. Uses `deliveries_message` and
 * `messages_refers`.
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
 * The end of each statement: a `BatchRow`.
 * @param last selects from CTE `scanned`, which has the time that counts as `at`, where the next batch goes on.
 */
export const batchRow = (sql: Db, last: Fragment) => sql`
  select (select count(*)::integer from gone) as removed, (select count(*)::integer from scanned) as scanned,
    exists (select from scanned where at < (select max(before) from windows)) as "hasOld", (${last}) as last`;

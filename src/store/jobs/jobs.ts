import type { DestinationId, JobId, TenantId } from '../../domain/ids.ts';
import type { DeliveryJobFilter, JobKind, JobState, MessageJobFilter } from '../../domain/job.ts';
import { json, type Db } from '../db/db.ts';

export interface JobRow {
  readonly id: JobId;
  readonly tenant: TenantId;
  readonly kind: JobKind;
  readonly filter: DeliveryJobFilter & MessageJobFilter;
  /** For a replay, the destinations to use instead of the original's; null means the original's. */
  readonly destinations: readonly DestinationId[] | null;
  /** For a replay, whether messages that were replayed before are replayed again. */
  readonly again: boolean;
  readonly state: JobState;
  /** The most items per second. */
  readonly rate: number;
  /**
   * How many items matched at the start; null before they are counted, and where there were too many or it took too
   * long.
   */
  readonly matched: number | null;
  /** Items that the job has taken up. */
  readonly done: number;
  /** Items that it has retried, cancelled or replayed. */
  readonly changed: number;
  readonly failed: number;
  /** The number of failed items, by code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Why the job itself failed. */
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly requestedBy: string;
  readonly reason: string | null;
  /** The id of the last item that a step looked at. */
  readonly cursor: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

export interface NewJob extends Pick<
  JobRow,
  'id' | 'tenant' | 'kind' | 'filter' | 'destinations' | 'again' | 'rate' | 'requestedBy' | 'reason'
> {
  /** The caller's Idempotency-Key. */
  readonly key: string | null;
}

/** This long after a job was stored, a worker makes sure that its run exists. */
const startGraceSeconds = 2;
/** A worker does the same this long after the last step of the job began. */
export const stepGraceSeconds = 30;

const columns = (sql: Db) => sql`
  j.id, j.tenant, j.kind, j.filter, j.destinations, j.again, j.state, j.rate, j.matched, j.done, j.changed, j.failed,
  j.failures, j.error, j.requested_by as "requestedBy", j.reason, j.cursor, j.created_at as "createdAt",
  j.started_at as "startedAt", j.ended_at as "endedAt"`;

/** Inserts the event that the jobs in CTE `moved` have started or ended. `moved` must return whole rows. */
export const jobEvent = (sql: Db, type: 'started' | 'ended') => sql`
  insert into events (tenant, type, data)
  select m.tenant, 'carillon.job.' || ${type === 'started' ? sql`'started'` : sql`m.state`},
    jsonb_build_object('job', m.id, 'kind', m.kind, 'matched', m.matched, 'done', m.done, 'changed', m.changed,
      'failed', m.failed)
  from moved m where ${type === 'started' ? sql`true` : sql`m.state <> 'running'`}`;

/**
 * Stores a job. The caller starts its run, or else a worker does.
 * @returns the job that was stored first with this idempotency key; `conflict` where that job asks for something else.
 */
export async function createJob(
  sql: Db,
  wanted: NewJob,
): Promise<{ readonly outcome: 'created' | 'duplicate' | 'conflict'; readonly job: JobRow }> {
  const { id, tenant, kind, filter, destinations, again, rate, requestedBy, reason, key } = wanted;
  const [made] = await sql<JobRow[]>`
    insert into jobs as j (id, tenant, kind, filter, destinations, again, rate, requested_by, reason, dedupe_key, look_at)
    values (${id}, ${tenant}, ${kind}, ${json(sql, filter)}, ${destinations === null ? null : json(sql, destinations)}, ${again},
      ${rate}, ${requestedBy}, ${reason}, ${key}, clock_timestamp() + make_interval(secs => ${startGraceSeconds}))
    on conflict (tenant, dedupe_key) do nothing
    returning ${columns(sql)}`;
  if (made !== undefined) return { outcome: 'created', job: made };
  const known = await findJobByKey(sql, wanted);
  if (known === undefined) throw new Error('a job that was in the way is gone');
  const { isSame, ...job } = known;
  return { outcome: isSame ? 'duplicate' : 'conflict', job };
}

async function findJobByKey(
  sql: Db,
  { tenant, kind, filter, destinations, again, rate, key }: NewJob,
): Promise<(JobRow & { isSame: boolean }) | undefined> {
  const [row] = await sql<(JobRow & { isSame: boolean })[]>`
    select ${columns(sql)}, j.kind = ${kind} and j.filter = ${json(sql, filter)} and j.again = ${again} and j.rate = ${rate}
      and j.destinations is not distinct from ${destinations === null ? null : json(sql, destinations)} as "isSame"
    from jobs j where j.tenant = ${tenant} and j.dedupe_key = ${key}`;
  return row;
}

/** @param tenant the tenant that must own the job; undefined where the job's own run asks. */
export async function findJob(sql: Db, tenant: TenantId | undefined, id: JobId): Promise<JobRow | undefined> {
  const [row] = await sql<JobRow[]>`
    select ${columns(sql)} from jobs j where j.id = ${id} ${tenant === undefined ? sql`` : sql`and j.tenant = ${tenant}`}`;
  return row;
}

/** Lists jobs, the newest first; with `before`, only jobs older than that id. Uses `jobs_list`. */
export async function listJobs(
  sql: Db,
  tenant: TenantId,
  states: readonly JobState[] | undefined,
  limit: number,
  before: JobId | undefined,
): Promise<JobRow[]> {
  return sql<JobRow[]>`
    select ${columns(sql)} from jobs j
    where j.tenant = ${tenant}
      ${before === undefined ? sql`` : sql`and j.id < ${before}`}
      ${states === undefined ? sql`` : sql`and j.state = any(${states as string[]}::text[])`}
    order by j.id desc limit ${limit}`;
}

/**
 * Records that a job has begun, and inserts its `started` event. Only the first call changes anything.
 * @param matched how many items match; null where that is not known.
 */
export async function beginJob(sql: Db, id: JobId, matched: number | null): Promise<void> {
  await sql`
    with moved as (
      update jobs set started_at = clock_timestamp(), matched = ${matched}
      where id = ${id} and started_at is null and state = 'running'
      returning *
    )
    ${jobEvent(sql, 'started')}`;
}

/**
 * Cancels a running job or makes it fail. What it did stays done. The call waits for a step of retries or cancels that
 * is under way, and no step follows.
 * @returns false where the job had ended already, or there is no such job.
 */
export async function endJob(
  sql: Db,
  tenant: TenantId,
  id: JobId,
  state: 'cancelled' | 'failed',
  error: JobRow['error'] = null,
): Promise<boolean> {
  const [row] = await sql<{ ended: boolean }[]>`
    with moved as (
      update jobs set state = ${state}, error = ${error === null ? null : json(sql, error)}, ended_at = clock_timestamp()
      where id = ${id} and tenant = ${tenant} and state = 'running'
      returning *
    ), told as (${jobEvent(sql, 'ended')})
    select exists (select from moved) as ended`;
  return row?.ended === true;
}

export interface StartableJob {
  readonly id: JobId;
  readonly tenant: TenantId;
  readonly kind: JobKind;
}

/**
 * Takes running jobs whose run may be missing: 30 s have passed since their last step began, or 2 s since they were
 * stored and no step has begun. Each is returned at most once in 30 s. Uses `jobs_look`.
 */
export async function takeSilentJobs(sql: Db, limit: number): Promise<StartableJob[]> {
  return sql<StartableJob[]>`
    with silent as materialized (
      select id from jobs where state = 'running' and look_at <= clock_timestamp()
      order by look_at limit ${limit} for update skip locked
    )
    update jobs j set look_at = clock_timestamp() + make_interval(secs => ${stepGraceSeconds})
    from silent s where j.id = s.id
    returning j.id, j.tenant, j.kind`;
}

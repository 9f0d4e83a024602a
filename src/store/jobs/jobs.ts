import type { DestinationId, JobId, TenantId } from '../../domain/ids.ts';
import type { DeliveryJobFilter, JobKind, JobState, MessageJobFilter } from '../../domain/job.ts';
import { json, type Db } from '../db/db.ts';

export interface JobRow {
  readonly id: JobId;
  readonly tenant: TenantId;
  readonly kind: JobKind;
  readonly filter: DeliveryJobFilter & MessageJobFilter;
  /** Of a replay: where to, instead of the original's destinations. */
  readonly destinations: readonly DestinationId[] | null;
  /** Of a replay: what was replayed before goes again. */
  readonly again: boolean;
  readonly state: JobState;
  /** Items per second at most. */
  readonly rate: number;
  /** How many there were at the beginning; null until they were counted, or where that took too long. */
  readonly matched: number | null;
  readonly done: number;
  readonly changed: number;
  readonly failed: number;
  /** Of those that failed, how many by which code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Why the job itself failed. */
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly requestedBy: string;
  readonly reason: string | null;
  /** The id of the last item that was looked at. */
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

/** A worker makes sure that a job's run is there: so long after the job was stored, and after each of its steps. */
const startGraceSeconds = 2;
export const stepGraceSeconds = 30;

const columns = (sql: Db) => sql`
  j.id, j.tenant, j.kind, j.filter, j.destinations, j.again, j.state, j.rate, j.matched, j.done, j.changed, j.failed,
  j.failures, j.error, j.requested_by as "requestedBy", j.reason, j.cursor, j.created_at as "createdAt",
  j.started_at as "startedAt", j.ended_at as "endedAt"`;

/** CTE that tells what became of the jobs in CTE `moved`, which selects whole rows. */
export const jobEvent = (sql: Db, type: 'started' | 'ended') => sql`
  insert into events (tenant, type, data)
  select m.tenant, 'carillon.job.' || ${type === 'started' ? sql`'started'` : sql`m.state`},
    jsonb_build_object('job', m.id, 'kind', m.kind, 'matched', m.matched, 'done', m.done, 'changed', m.changed,
      'failed', m.failed)
  from moved m where ${type === 'started' ? sql`true` : sql`m.state <> 'running'`}`;

/**
 * Stores a job; a worker, or the caller, starts its run.
 * @returns the first job of this key, and `conflict` where that one asked for something else.
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

/** @param tenant whose it must be; undefined where its run asks. */
export async function findJob(sql: Db, tenant: TenantId | undefined, id: JobId): Promise<JobRow | undefined> {
  const [row] = await sql<JobRow[]>`
    select ${columns(sql)} from jobs j where j.id = ${id} ${tenant === undefined ? sql`` : sql`and j.tenant = ${tenant}`}`;
  return row;
}

/** The newest first, those older than `before`. Uses `jobs_list`. */
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

/** Says that it has begun, once. @param matched how many there are; null where that is not known. */
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
 * Ends a job before its end. What it did stays done; a step that is under way is finished first, and none follows.
 * @returns false where it had ended already, or there is none.
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

/** Running jobs that nobody has heard of for a while, or that were just stored; each is given out once in 30 s. Uses `jobs_look`. */
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

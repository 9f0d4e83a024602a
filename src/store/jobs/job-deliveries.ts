import type { DeliveryJobFilter, JobState } from '../../domain/job.ts';
import { cancellableStates, itemsPerStep, retryableStates } from '../../domain/job.ts';
import type { Db } from '../db/db.ts';
import { jobEvent, stepGraceSeconds, type JobRow } from './jobs.ts';
import { cancelOf, retryOf, commandedRows, type Fragment, type CommandedDelivery } from '../runs/commands.ts';

/** How many deliveries one step looks at, whether they match or not, so that its statement stays short. */
const scanLimit = 500;

export interface JobStep {
  readonly state: JobState;
  /** Milliseconds until the next step may begin. */
  readonly waitMs: number;
}

/** Whether a delivery `d` matches the filter, without the filter's states. */
const matches = (
  sql: Db,
  { destination, message, conversation, reason, since, until }: DeliveryJobFilter,
): Fragment => sql`
  true
  ${destination === undefined ? sql`` : sql`and d.destination = ${destination}`}
  ${message === undefined ? sql`` : sql`and d.message = ${message}`}
  ${reason === undefined ? sql`` : sql`and d.reason->>'code' = ${reason}`}
  ${since === undefined ? sql`` : sql`and d.created_at >= ${since}::text::timestamptz`}
  ${until === undefined ? sql`` : sql`and d.created_at < ${until}::text::timestamptz`}
  ${
    conversation === undefined
      ? sql``
      : sql`and exists (select from messages m where m.id = d.message and m.conversation = ${conversation})`
  }`;

const statesOf = ({ kind, filter }: JobRow): string[] => [
  ...(filter.state ?? (kind === 'retry' ? retryableStates : cancellableStates)),
];

/**
 * @returns how many deliveries match, at most `limit`. It takes long where few of many match. Uses `deliveries_list`.
 */
export async function countDeliveries(sql: Db, job: JobRow, limit: number): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::integer as count from (
      select from deliveries d
      where d.tenant = ${job.tenant} and d.state = any(${statesOf(job)}::text[]) and d.created_at <= (select created_at from jobs where id = ${job.id})
        and ${matches(sql, job.filter)}
      limit ${limit}) found`;
  return row?.count ?? 0;
}

/**
 * Takes one step of a bulk retry or cancel: retries or cancels the next deliveries, counts them, moves the cursor, and
 * sets the time of the next step by the job's rate. All of it is one statement, so that a process that is killed leaves
 * either all of it or nothing. Locks the job first, so that steps of two workers come one after the other, then
 * deliveries in the order of their ids.
 *
 * Uses `deliveries_list`. The row comparisons keep the planner from choosing the primary key, by which it would read
 * the whole table to find that no delivery is in a state.
 * @returns the state of the job, and the deliveries that changed, which the caller wakes after the commit.
 */
export async function stepDeliveries(
  sql: Db,
  job: JobRow,
): Promise<JobStep & { readonly commanded: readonly CommandedDelivery[] }> {
  const states = statesOf(job);
  const items = itemsPerStep(job.rate);
  const [row] = await sql<(JobStep & { commanded: CommandedDelivery[] })[]>`
    with turn as materialized (
      select * from jobs where id = ${job.id} and state = 'running' and next_at <= clock_timestamp() for update
    ), scanned as materialized (
      select d.* from turn j cross join lateral (
        select d.* from unnest(${states}::text[]) as s (state) cross join lateral (
          select d.id, d.message, d.destination, d.reason, d.created_at from deliveries d
          where (d.tenant, d.state, d.id) > (j.tenant, s.state, j.cursor) and (d.tenant, d.state) <= (j.tenant, s.state)
          order by d.tenant, d.state, d.id limit ${scanLimit}) d
        order by d.id limit ${scanLimit}) d
    ), picked as materialized (
      select d.id from scanned d
      where d.created_at <= (select created_at from turn) and ${matches(sql, job.filter)}
      order by d.id limit ${items}
    ), ${(job.kind === 'retry' ? retryOf : cancelOf)(
      sql,
      sql`d.id in (select id from picked) and d.state = any(${states}::text[])`,
    )}, tally as materialized (
      select (select count(*) from picked) as picked, (select count(*) from changed) as changed,
        (select max(id) from picked) as last_picked, (select count(*) from scanned) as scanned,
        (select max(id) from scanned) as last_scanned
    ), moved as (
      update jobs j
      set done = j.done + t.picked, changed = j.changed + t.changed,
        cursor = case when t.picked = ${items} then t.last_picked else coalesce(t.last_scanned, j.cursor) end,
        next_at = greatest(j.next_at, clock_timestamp()) + make_interval(secs => t.picked / j.rate::float8),
        look_at = clock_timestamp() + make_interval(secs => ${stepGraceSeconds}),
        state = case when t.picked < ${items} and t.scanned < ${scanLimit} then 'done' else j.state end,
        ended_at = case when t.picked < ${items} and t.scanned < ${scanLimit} then clock_timestamp() end
      from tally t, turn where j.id = turn.id
      returning j.*
    ), told as (${jobEvent(sql, 'ended')})
    select coalesce(m.state, j.state) as state,
      greatest(0, extract(epoch from coalesce(m.next_at, j.next_at) - clock_timestamp()) * 1000)::float8 as "waitMs",
      coalesce((select jsonb_agg(to_jsonb(w)) from (${commandedRows(sql)}) w where w.changed), '[]') as commanded
    from jobs j left join moved m on m.id = j.id where j.id = ${job.id}`;
  return row ?? { state: 'failed', waitMs: 0, commanded: [] };
}

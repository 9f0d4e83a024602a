import type { MessageId } from '../../domain/ids.ts';
import { itemsPerStep, type MessageJobFilter } from '../../domain/job.ts';
import { json, type Db } from '../db/db.ts';
import type { JobStep } from './job-deliveries.ts';
import { jobEvent, stepGraceSeconds, type JobRow } from './jobs.ts';

/** How many messages one step looks at, whether they match or not, so that its statement stays short. */
const scanLimit = 500;

/**
 * The dedupe key of a message's replay in a job, by which a repeated step finds the replays that it accepted before.
 */
export const replayKey = (job: JobRow, message: MessageId): string => `${job.id}:${message}`;

/**
 * Whether a message `m` matches the job. Messages that are younger than the job are left out. So are edits and deletes,
 * because their original is replayed as it is now. Unless the job says `again`, so are messages that were replayed
 * before, except by this job, which may not have counted them yet. Uses `messages_replays`.
 */
const matches = (sql: Db, job: JobRow) => {
  const { state, destination, source, conversation, correlationId, since, until }: MessageJobFilter = job.filter;
  return sql`
  m.type not in ('message.edited', 'message.deleted')
  and m.received_at <= (select created_at from jobs where id = ${job.id})
  ${state === undefined ? sql`` : sql`and m.state = any(${[...state]}::text[])`}
  ${source === undefined ? sql`` : sql`and m.source = ${source}`}
  ${conversation === undefined ? sql`` : sql`and m.conversation = ${conversation}`}
  ${correlationId === undefined ? sql`` : sql`and m.correlation_id = ${correlationId}`}
  ${since === undefined ? sql`` : sql`and m.received_at >= ${since}::text::timestamptz`}
  ${until === undefined ? sql`` : sql`and m.received_at < ${until}::text::timestamptz`}
  ${
    destination === undefined
      ? sql``
      : sql`and exists (select from deliveries d where d.message = m.id and d.destination = ${destination})`
  }
  ${
    job.again
      ? sql``
      : sql`and not exists (
    select from messages r where r.replay_of = m.id and r.dedupe_key <> ${job.id} || ':' || m.id)`
  }`;
};

/** @returns how many messages match, at most `limit`. It takes long where few of many match. Uses `messages_list`. */
export async function countMessages(sql: Db, job: JobRow, limit: number): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::integer as count from (
      select from messages m where m.tenant = ${job.tenant} and ${matches(sql, job)} limit ${limit}) found`;
  return row?.count ?? 0;
}

/** The messages that one step of a bulk replay is to replay. */
export interface Picked extends JobStep {
  readonly messages: readonly MessageId[];
  /** The job's cursor before this step. `countReplays` counts the step only where the cursor is still there. */
  readonly from: string;
  /** The cursor after this step. */
  readonly to: string;
  readonly isLast: boolean;
  /** The job's failures before this step, by code. */
  readonly failures: Readonly<Record<string, number>>;
}

/**
 * Picks the next messages of a bulk replay, and sets the time of the next step by the job's rate. It moves no cursor
 * and counts nothing: `countReplays` does that after the replays. Where the job has ended or its next step is not due,
 * it picks none. Uses `messages_list`.
 */
export async function pickMessages(sql: Db, job: JobRow): Promise<Picked> {
  const items = itemsPerStep(job.rate);
  const [row] = await sql<Picked[]>`
    with turn as materialized (
      select * from jobs where id = ${job.id} and state = 'running' and next_at <= clock_timestamp() for update
    ), scanned as materialized (
      select m.* from turn j cross join lateral (
        select m.* from messages m
        where (m.tenant, m.id) > (j.tenant, j.cursor) and m.tenant <= j.tenant
        order by m.tenant, m.id limit ${scanLimit}) m
    ), picked as materialized (
      select m.id from scanned m where ${matches(sql, job)} order by m.id limit ${items}
    ), tally as materialized (
      select (select count(*) from picked) as picked, (select max(id) from picked) as last_picked,
        (select count(*) from scanned) as scanned, (select max(id) from scanned) as last_scanned
    ), moved as (
      update jobs j
      set next_at = greatest(j.next_at, clock_timestamp()) + make_interval(secs => t.picked / j.rate::float8),
        look_at = clock_timestamp() + make_interval(secs => ${stepGraceSeconds})
      from tally t, turn where j.id = turn.id
      returning j.id, j.next_at
    )
    select j.state, greatest(0, extract(epoch from coalesce(m.next_at, j.next_at) - clock_timestamp()) * 1000)::float8 as "waitMs",
      to_jsonb(array(select id from picked order by id)) as messages, coalesce(turn.cursor, j.cursor) as "from",
      case when t.picked = ${items} then t.last_picked else coalesce(t.last_scanned, turn.cursor, j.cursor) end as "to",
      turn.id is not null and t.picked < ${items} and t.scanned < ${scanLimit} as "isLast",
      coalesce(turn.failures, j.failures) as failures
    from jobs j cross join tally t left join moved m on m.id = j.id left join turn on turn.id = j.id
    where j.id = ${job.id}`;
  return row ?? { state: 'failed', waitMs: 0, messages: [], from: '', to: '', isLast: false, failures: {} };
}

/**
 * Counts the picked messages as done and moves the cursor. It does so once: where the cursor has moved meanwhile, it
 * changes nothing. It also counts where the job was cancelled during the replays.
 * @param failed how many of the messages failed, by code.
 */
export async function countReplays(
  sql: Db,
  job: JobRow,
  picked: Picked,
  failed: Readonly<Record<string, number>>,
): Promise<void> {
  const failures = { ...picked.failures };
  for (const [code, count] of Object.entries(failed)) failures[code] = (failures[code] ?? 0) + count;
  const failedCount = Object.values(failed).reduce((sum, count) => sum + count, 0);
  await sql`
    with moved as (
      update jobs
      set done = done + ${picked.messages.length}, changed = changed + ${picked.messages.length - failedCount},
        failed = failed + ${failedCount}, failures = ${json(sql, failures)}, cursor = ${picked.to},
        state = case when ${picked.isLast} and state = 'running' then 'done' else state end,
        ended_at = case when ${picked.isLast} and state = 'running' then clock_timestamp() else ended_at end
      where id = ${job.id} and cursor = ${picked.from}
        and (cursor <> ${picked.to} or (${picked.isLast} and state = 'running'))
      returning *, old.state as state_before
    ), told as (
      ${jobEvent(sql, 'ended')} and m.state_before = 'running'
    )
    select`;
}

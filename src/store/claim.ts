import type { AttemptId, DeliveryId } from '../domain/ids.ts';
import type { Db } from './db.ts';
import { isBehind } from './lane.ts';

/** Between the request's time-out and the claim's deadline: time for the settle. */
export const claimMarginMs = 2_000;

/** The sweep looks after a claim that is neither settled nor lapsed and taken over so long after its deadline. */
const sendingGraceMs = 8_000;

export interface Claim {
  readonly token: AttemptId;
  /** Number of this attempt, from 1, over all rounds. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Milliseconds until the delivery's deadline; null without one. */
  readonly deadlineMs: number | null;
}

export interface ClaimRequest {
  readonly token: AttemptId;
  readonly delivery: DeliveryId;
  readonly version: number;
  readonly timeoutMs: number;
  /** The policy's time from the first attempt of a round; null means none. */
  readonly policyDeadlineMs: number | null;
  readonly worker: string;
}

/**
 * Takes the delivery for one attempt: the last step before the first call that changes something at the platform.
 *
 * Of two claims at once only one gets through: the row's lock serialises claims of one delivery, and the unique index
 * `deliveries_lane_sending` those of one lane. The look at the lane in this statement only spares most of the conflicts:
 * a statement that waited for a lock still looks with the snapshot from before the wait.
 * @returns undefined when it can't be had now; read the ledger again to learn why.
 */
export async function claim(sql: Db, request: ClaimRequest): Promise<Claim | undefined> {
  const { token, delivery, version, timeoutMs, policyDeadlineMs, worker } = request;
  const claimMs = timeoutMs + claimMarginMs;
  try {
    const [row] = await sql<Claim[]>`
      with claimed as (
        update deliveries d
        set state = 'sending', claim_token = ${token}, attempts = attempts + 1, reason = null, next_attempt_at = null,
          claim_deadline = clock_timestamp() + make_interval(secs => ${claimMs / 1000}),
          due_at = clock_timestamp() + make_interval(secs => ${(claimMs + sendingGraceMs) / 1000}),
          first_attempt_at = coalesce(first_attempt_at, clock_timestamp()),
          deadline_at = coalesce(deadline_at, clock_timestamp() + make_interval(secs => ${policyDeadlineMs === null ? null : policyDeadlineMs / 1000}::float8)),
          pinned_version = ${version}
        where id = ${delivery} and state in ('queued', 'waiting', 'retrying') and cancel_requested_at is null
          and attempts < max_attempts
          and (pinned_version is null or pinned_version = ${version})
          and coalesce(greatest(next_attempt_at, not_before) <= clock_timestamp(), true)
          and not ${isBehind(sql)}
        returning attempts, max_attempts, deadline_at, next_trigger
      ), attempt as (
        insert into attempts (id, delivery, number, trigger, started_at, worker)
        select ${token}, ${delivery}, attempts, next_trigger, clock_timestamp(), ${worker} from claimed
      )
      select ${token}::text as token, attempts as attempt, max_attempts as "maxAttempts",
        (extract(epoch from deadline_at - clock_timestamp()) * 1000)::float8 as "deadlineMs"
      from claimed`;
    return row;
  } catch (error) {
    if ((error as { code?: unknown }).code === '23505') return undefined; // another one of its lane is being sent
    throw error;
  }
}

import { graceMs, usualClocks } from '../../domain/clocks.ts';
import type { AttemptId, DeliveryId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import { isBehind } from '../waiting/lane.ts';
import type { PostPart } from './parts.ts';
import { runningDeadline } from '../waiting/wait.ts';

export interface Claim {
  readonly delivery: DeliveryId;
  readonly token: AttemptId;
  /** Number of this attempt, from 1, over all retry cycles. */
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
  /** The time that the policy grants from the first attempt of a retry cycle, milliseconds; null means no limit. */
  readonly policyDeadlineMs: number | null;
  readonly worker: string;
  /** How many parts had arrived when the post was planned. Where that has changed, the delivery is not claimed. */
  readonly part?: number;
  /** A fresh split into posts. Where a version is pinned already, the split that was pinned with it stays. */
  readonly parts?: readonly PostPart[];
}

/**
 * Takes deliveries of any messages for one attempt each, in one statement.
 *
 * What a claim guarantees (`settle.ts` goes on with L5):
 * - L1. No post is made, changed or taken away without a claim. The claim is the last step before that request.
 * - L2. Of two claims at once, at most one gets through: the row's lock serialises the claims of one delivery, and the
 *   unique index `deliveries_lane_sending` those of one lane.
 * - L3. A claim has a deadline by PostgreSQL's clock: the request's time-out and 2 s from the claim on. Until it is
 *   settled or released, no other attempt starts before that deadline. After it the claim is lapsed, and its attempt
 *   may have arrived. A process that was frozen meanwhile may still send; L6 says what becomes of that.
 * - L4. A claim pins the version of the content and its split into posts. As long as an attempt may have arrived, or a
 *   part has, all further attempts send this version and this split under the same key.
 *
 * @returns the claims that were granted. Read the ledger again to learn why a delivery is not among them.
 * @throws where one of several claims meets a conflict. None is granted then, and each may be tried alone.
 */
export async function claim(sql: Db, requests: readonly ClaimRequest[]): Promise<Claim[]> {
  const rows = requests.map(({ token, delivery, version, timeoutMs, policyDeadlineMs, part, parts }) => ({
    token,
    delivery,
    version,
    claim_seconds: (timeoutMs + usualClocks.claimMarginMs) / 1000,
    deadline_seconds: policyDeadlineMs === null ? null : policyDeadlineMs / 1000,
    part: part ?? 0,
    parts: parts ?? null,
  }));
  try {
    return await sql<Claim[]>`
      with wanted as materialized (
        select r.*, d.id from few(${json(sql, rows)}) as item (request)
        cross join lateral jsonb_to_record(item.request)
          as r (token text, delivery text, version integer, claim_seconds float8, deadline_seconds float8, part integer, parts jsonb)
        join deliveries d on d.id = r.delivery
        order by d.id for update of d -- L2
      ), claimed as (
        update deliveries d
        set state = 'sending', claim_token = w.token, attempts = attempts + 1, reason = null, next_attempt_at = null,
          claim_deadline = clock_timestamp() + make_interval(secs => w.claim_seconds), -- L3
          due_at = clock_timestamp() + make_interval(secs => w.claim_seconds + ${graceMs.claimed / 1000}),
          first_attempt_at = coalesce(first_attempt_at, clock_timestamp()),
          deadline_at = coalesce(${runningDeadline(sql)}, clock_timestamp() + make_interval(secs => w.deadline_seconds)),
          clock_stopped_at = null, gate = null, slot_at = null, next_trigger = 'auto',
          pinned_version = w.version, -- L4
          parts = case when d.pinned_version is null then w.parts else d.parts end
        from wanted w
        where d.id = w.id and d.state in ('queued', 'waiting', 'retrying') and cancel_requested_at is null
          and attempts < max_attempts and (expires_at is null or expires_at > clock_timestamp())
          and (pinned_version is null or pinned_version = w.version) and d.part = w.part
          and coalesce(greatest(next_attempt_at, not_before) <= clock_timestamp(), true)
          -- A statement that waited for a lock still looks at the lane with its old snapshot. So this look only spares
          -- most conflicts, and the unique index decides.
          and not ${isBehind(sql)}
        returning d.id, w.token, d.attempts, d.max_attempts, d.deadline_at, old.next_trigger as trigger,
          case when d.parts is not null then d.part + 1 end as part
      ), attempt as (
        insert into attempts (id, delivery, number, trigger, started_at, worker, part)
        select token, id, attempts, trigger, clock_timestamp(), ${requests[0]?.worker ?? ''}, part from claimed
      )
      select id as delivery, token, attempts as attempt, max_attempts as "maxAttempts",
        (extract(epoch from deadline_at - clock_timestamp()) * 1000)::float8 as "deadlineMs"
      from claimed`;
  } catch (error) {
    const isTaken = (error as { code?: unknown }).code === '23505'; // L2: another delivery of the lane is being sent
    if (requests.length === 1 && isTaken) return [];
    throw error;
  }
}

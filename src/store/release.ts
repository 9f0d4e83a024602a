import type { AttemptId, DeliveryId } from '../domain/ids.ts';
import { claimMarginMs } from './claim.ts';
import type { Db } from './db.ts';

/**
 * Gives a claim back because nothing was written to the platform: the attempt is not spent. Where an earlier attempt's
 * success was heard of meanwhile it is delivered; the sweep calls the next of its lane.
 */
export async function release(sql: Db, delivery: DeliveryId, token: AttemptId): Promise<void> {
  await sql`
    with released as (
      update deliveries
      set state = case when jsonb_array_length(receipts) > 0 then 'delivered' else 'queued' end, claim_token = null, claim_deadline = null, attempts = attempts - 1,
        next_trigger = (select trigger from attempts where id = ${token}),
        pinned_version = case when doubt_since is not null then pinned_version end,
        settled_at = case when jsonb_array_length(receipts) > 0 then clock_timestamp() end,
        due_at = case when jsonb_array_length(receipts) = 0 then clock_timestamp() + make_interval(secs => ${claimMarginMs / 1000}) end
      where id = ${delivery} and claim_token = ${token} and state = 'sending'
      returning id
    )
    update attempts set ended_at = clock_timestamp(), outcome = 'stopped', code = 'shutdown',
      message = 'The worker stopped before anything was written.'
    where id = ${token} and exists (select from released)`;
}

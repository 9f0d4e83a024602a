import { usualClocks } from '../../domain/clocks.ts';
import type { Db } from '../db/db.ts';
import { sendsAtOnce } from '../../domain/gate.ts';

/** Who was called and has not come within this was lost on the way, and takes no place any more. */
const calledSeconds = 30;

/**
 * How many more may be sent to a destination at once: what is being sent, and what was called at its gate and is on its
 * way, is counted up to the limit. Uses `deliveries_busy`.
 */
export const placesLeft = (sql: Db, tenant: ReturnType<Db>, destination: ReturnType<Db>) => sql`
  (${sendsAtOnce} - (select count(*)::integer from (
    select from deliveries busy
    where busy.tenant = ${tenant} and busy.destination = ${destination}
      and (busy.state = 'sending' or (busy.slot_at is not null
        and busy.slot_at between clock_timestamp() - make_interval(secs => ${calledSeconds}) and clock_timestamp()))
    limit ${sendsAtOnce}) taken))`;

/** A destination where a send has been under way for so long is slow; with a fast one, places come free all the time. */
const slowSeconds = 0.5;

/** Whether a destination is slow: a send to it has been under way for long. Uses `deliveries_busy`. */
export const isSlow = (sql: Db, tenant: ReturnType<Db>, destination: ReturnType<Db>) => sql`
  exists (
    select from deliveries slow
    where slow.tenant = ${tenant} and slow.destination = ${destination} and slow.state = 'sending'
      and slow.claim_deadline < clock_timestamp()
        + make_interval(secs => slow.timeout_ms / 1000.0 + ${usualClocks.claimMarginMs / 1000 - slowSeconds}))`;

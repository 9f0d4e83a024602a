import type { Db } from './db.ts';
import { sendsAtOnce } from '../domain/gate.ts';

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

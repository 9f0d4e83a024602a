import { graceMs } from '../domain/clocks.ts';
import type { Shut } from '../domain/gate.ts';
import type { DeliveryId } from '../domain/ids.ts';
import type { Reason } from '../domain/failure.ts';
import { json, type Db } from './db.ts';

/** The deadline, moved on by a wait that does not count against it and ends now. */
export const runningDeadline = (sql: Db) =>
  sql`deadline_at + coalesce(clock_timestamp() - clock_stopped_at, interval '0')`;

const texts: Record<Shut['why'] | 'rate', string> = {
  paused: 'is paused.',
  breaker: 'does not answer. It goes out when a probe has got through.',
  held: 'asked us to stay away for a time.',
  busy: 'has as many on their way to it as it gets at once.',
  rate: 'gets no more than its rate allows.',
};

/** What an operator reads while a delivery waits at a gate. */
export function waitReason(scope: string, why: Shut['why'] | 'rate'): Reason {
  return { code: why, message: `${scope.replace(':', ' ')} ${texts[why]}` };
}

/**
 * Records that a delivery waits at a gate, without a time of its own: whoever opens the gate calls those who wait, in the
 * order of their bands. Only behind a breaker the deadline goes on.
 */
export async function waitAtGate(sql: Db, id: DeliveryId, scope: string, why: Shut['why'] | 'rate'): Promise<boolean> {
  const [row] = await sql`
    with waiting as (
      update deliveries
      set state = 'waiting', gate = ${scope}, slot_at = null, next_attempt_at = null,
        reason = ${json(sql, waitReason(scope, why))},
        deadline_at = case when ${why === 'breaker'} then ${runningDeadline(sql)} else deadline_at end,
        clock_stopped_at = case when ${why === 'breaker'} then null else coalesce(clock_stopped_at, clock_timestamp()) end,
        due_at = least(case when ${why === 'breaker'} then ${runningDeadline(sql)} end, expires_at,
          clock_timestamp() + make_interval(secs => ${graceMs.gate / 1000}))
      where id = ${id} and state in ('queued', 'waiting', 'retrying')
      returning tenant
    )
    insert into gates (tenant, scope, has_waiters, arrivals) select tenant, ${scope}, true, 1 from waiting
    on conflict (tenant, scope) do update set has_waiters = true, arrivals = gates.arrivals + 1
    returning scope`;
  return row !== undefined;
}

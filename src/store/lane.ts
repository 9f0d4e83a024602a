import type { DeliveryId } from '../domain/ids.ts';
import type { Db } from './db.ts';

/**
 * Of a delivery `d`: another one of its lane comes before it, or is being sent. Uses `deliveries_lane`. In one statement
 * with a claim it only spares conflicts, because a statement that waited for a lock still looks with its old snapshot.
 */
export const isBehind = (sql: Db) => sql`
  (d.lane is not null and exists (
    select from deliveries o
    where o.tenant = d.tenant and o.destination = d.destination and o.lane = d.lane and o.id <> d.id
      and o.state in ('queued', 'waiting', 'sending', 'retrying')
      and (o.sequence < d.sequence or o.state = 'sending')))`;

/** The sweep looks after a delivery that has waited so long: the signal that should have woken it may be lost. */
const waitGraceSeconds = 30;

/**
 * Records that a delivery waits for its turn, and looks once more: whoever settled between the look that sent us here
 * and this record found nobody waiting, and woke nobody.
 * @returns true when it still is not its turn.
 */
export async function waitForTurn(sql: Db, id: DeliveryId): Promise<boolean> {
  await sql`
    update deliveries
    set state = 'waiting', reason = '{"code": "turn", "message": "An earlier message of its conversation goes first."}',
      next_attempt_at = null, due_at = clock_timestamp() + make_interval(secs => ${waitGraceSeconds})
    where id = ${id} and state in ('queued', 'retrying')`;
  const [row] = await sql<{ isBehind: boolean }[]>`
    select ${isBehind(sql)} as "isBehind" from deliveries d where d.id = ${id} and d.state = 'waiting'`;
  return row?.isBehind === true;
}

/** A delivery that can go now, and where to wake it. */
export interface NextInLane {
  readonly delivery: DeliveryId;
  readonly workflowId: string;
  /** False when its message has no run yet: the dispatcher must look again. */
  readonly hasRun: boolean;
}

/** Of each lane that these deliveries left, the one that goes next. Uses `deliveries_lane`. */
export async function findNextInLanes(sql: Db, left: readonly DeliveryId[]): Promise<NextInLane[]> {
  return sql<NextInLane[]>`
    select distinct n.id as delivery, n.workflow_id as "workflowId", n.has_run as "hasRun"
    from deliveries d
    cross join lateral (
      select o.id, m.workflow_id, m.dispatched_at is not null as has_run
      from deliveries o join messages m on m.id = o.message
      where o.tenant = d.tenant and o.destination = d.destination and o.lane = d.lane
        and o.state in ('queued', 'waiting', 'sending', 'retrying')
      order by o.sequence limit 1) n
    where d.id = any(${left as string[]}) and d.lane is not null`;
}

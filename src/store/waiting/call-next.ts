import type { DeliveryId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import { isBehind } from './lane.ts';
import { namedGate, shutGateOf } from './gate-shut.ts';
import { queueUp } from './wait.ts';

/**
 * Of deliveries whose turn it is by now: those whose gate is shut wait there from now on, without their runs being asked.
 * A run that is woken to find this out costs two workflow tasks and an activity, as much as its delivery itself. One that is
 * under way, or has a run and is not known to wait, is left alone.
 * @returns those that wait at a gate; the others want to be woken.
 */
export async function queueAtGates(sql: Db, deliveries: readonly DeliveryId[]): Promise<ReadonlySet<DeliveryId>> {
  const rows = await sql<{ id: DeliveryId }[]>`
    with asked as materialized (
      select item.request #>> '{}' as id from few(${json(sql, deliveries)}) as item (request)
    ), shut as materialized (
      select d.id, d.tenant, ${shutGateOf(sql)} as scope
      from asked a join deliveries d on d.id = a.id join messages m on m.id = d.message
      where d.gate is null and d.slot_at is null and (d.state = 'waiting' or (d.state = 'queued' and m.set_aside))
        and not ${isBehind(sql)}
      order by d.id for update of d
    ), ${namedGate(sql)}, ${queueUp(sql)}
    select id from waiting`;
  return new Set(rows.map(({ id }) => id));
}

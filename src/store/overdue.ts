import type { DeliveryState } from '../domain/delivery.ts';
import type { DeliveryId, DestinationId, MessageId } from '../domain/ids.ts';
import type { Db } from './db.ts';
import { isBehind } from './lane.ts';

/** A delivery to which something should have happened by now. */
export interface Overdue {
  readonly id: DeliveryId;
  readonly message: MessageId;
  readonly destination: DestinationId;
  readonly state: DeliveryState;
  /** Seconds that it is overdue. */
  readonly overdueSeconds: number;
  /** Whether its message is known to have been given a run. */
  readonly hasRun: boolean;
  /** Another delivery of its lane is before it, or is being sent. */
  readonly isBehind: boolean;
}

/** The longest overdue first. Uses `deliveries_due`. */
export async function findOverdue(sql: Db, limit: number): Promise<Overdue[]> {
  return sql<Overdue[]>`
    select d.id, d.message, d.destination, d.state, m.dispatched_at is not null as "hasRun",
      ${isBehind(sql)} as "isBehind",
      extract(epoch from clock_timestamp() - d.due_at)::float8 as "overdueSeconds"
    from deliveries d join messages m on m.id = d.message
    where d.due_at < clock_timestamp() order by d.due_at limit ${limit}`;
}

/** They were looked after: look again in so many seconds, unless something happens first. */
export async function postpone(sql: Db, deliveries: readonly DeliveryId[], seconds: number): Promise<void> {
  await sql`
    update deliveries set due_at = clock_timestamp() + make_interval(secs => ${seconds})
    where id = any(${deliveries as string[]}) and due_at is not null`;
}

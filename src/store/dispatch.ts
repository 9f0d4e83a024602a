import type { DeliveryId, DestinationId, MessageId, TenantId } from '../domain/ids.ts';
import type { Db } from './db.ts';

/** A message that needs a run, with all that the run is started with; ids only. */
export interface Dispatchable {
  readonly message: MessageId;
  readonly tenant: TenantId;
  readonly workflowId: string;
  readonly type: string;
  readonly source: string;
  readonly conversation: string | null;
  /** 1 critical … 4 low. */
  readonly band: number;
  readonly deliveries: readonly {
    readonly id: DeliveryId;
    readonly destination: DestinationId;
    readonly timeoutMs: number;
  }[];
}

/** A lease that is not followed by a start lapses after this long, and the message is taken again. */
const leaseSeconds = 30;

const runInput = (sql: Db) => sql`
  m.id as message, m.tenant, m.workflow_id as "workflowId", m.type, m.source, m.conversation, m.band,
  (select jsonb_agg(jsonb_build_object('id', d.id, 'destination', d.destination, 'timeoutMs', d.timeout_ms) order by d.id)
   from deliveries d where d.message = m.id) as deliveries`;

/**
 * Leases messages that have no run and could use one: by band, then by age. Room is counted here, over all workers: at
 * most `room` messages that were started and have claimed nothing yet. A message is taken only when one of its
 * deliveries could go now, so that what waits for its turn costs Temporal nothing.
 * Uses `messages_dispatch`, `messages_unclaimed` and `deliveries_lane`.
 */
export async function leaseMessages(sql: Db, limit: number, room: number): Promise<Dispatchable[]> {
  return sql<Dispatchable[]>`
    with free as materialized ( -- run once: as a subquery it may be run again, and lease more than the limit
        select m.id from messages m
        where m.dispatched_at is null and m.open_count > 0 and (m.lease_until is null or m.lease_until < clock_timestamp())
          and exists (
            select from deliveries d
            where d.message = m.id and d.state in ('queued', 'waiting', 'sending', 'retrying')
              and (d.lane is null or not exists (
                select from deliveries o
                where o.tenant = d.tenant and o.destination = d.destination and o.lane = d.lane
                  and o.state in ('queued', 'waiting', 'sending', 'retrying') and o.sequence < d.sequence)))
        order by m.band, m.received_at
        limit greatest(0, least(${limit}::integer, ${room}::integer - (
          select count(*)::integer from messages
          where state = 'accepted' and dispatched_at is not null and dispatched_at > clock_timestamp() - interval '1 minute')))
        for update skip locked
    ), leased as (
      update messages m set lease_until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
      from free where m.id = free.id
      returning m.id
    )
    select ${runInput(sql)} from messages m where m.id in (select id from leased) order by m.band, m.received_at`;
}

/** Their runs are known to be started. */
export async function markDispatched(sql: Db, messages: readonly MessageId[]): Promise<void> {
  await sql`update messages set dispatched_at = coalesce(dispatched_at, clock_timestamp()) where id = any(${messages as string[]})`;
}

/** Their starts failed: anyone may take them again at once. */
export async function returnLeases(sql: Db, messages: readonly MessageId[]): Promise<void> {
  await sql`update messages set lease_until = null where id = any(${messages as string[]}) and dispatched_at is null`;
}

/** What a run of this message is started with, whoever starts it; undefined where there is no such message. */
export async function findDispatchable(sql: Db, message: MessageId): Promise<Dispatchable | undefined> {
  const [row] = await sql<Dispatchable[]>`select ${runInput(sql)} from messages m where m.id = ${message}`;
  return row;
}

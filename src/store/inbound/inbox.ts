import { createHash } from 'node:crypto';
import type { Reason } from '../../domain/failure.ts';
import type { ConnectionId, InboxId, MessageId, TenantId } from '../../domain/ids.ts';
import type { InboundEvent } from '../../domain/inbound.ts';
import { isTimedOut, isUnavailable, json, type Db, type Sql } from '../db/db.ts';
import { gather } from '../db/gather.ts';
import { open, seal, type KeyRing } from '../db/key-ring.ts';
import { newInboxId } from '../db/new-id.ts';

/**
 * What the inbox stores of a request before the platform is answered (I1; the rules I1 to I5 are in
 * `src/worker/inbox.ts`).
 */
export type Arrival =
  | { readonly event: InboundEvent }
  /** The request was signed correctly and not understood. It is kept as it came, in quarantine, for an operator. */
  | { readonly unreadable: { readonly key: string; readonly request: KeptRequest; readonly reason: Reason } };

/** A request as it came, so that a later version of Carillon that understands it can read it again. */
export interface KeptRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Base64. */
  readonly body: string;
  /**
   * When the request came, ISO 8601. The signature's timestamp was compared with this, and is again on the next
   * reading.
   */
  readonly at: string;
}

const ownerOf = (id: InboxId): string => `inbox ${id}`;
const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** The arrivals of one request. */
export interface ReceivedRequest {
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly arrivals: readonly Arrival[];
}

/**
 * Stores the arrivals of any number of requests in one statement, for which the answers to the platforms wait. Keeps
 * I1: a redelivery finds the row that the first delivery made, by the event's key, and changes nothing.
 * @returns for each request, how many of its arrivals are new.
 */
export async function receive(sql: Db, ring: KeyRing, requests: readonly ReceivedRequest[]): Promise<number[]> {
  const rows = requests.flatMap(({ tenant, connection, arrivals }, request) =>
    arrivals.map((arrival) => ({ request, tenant, connection, ...rowOf(ring, arrival) })),
  );
  const stored = await sql<{ request: number }[]>`
    with came as materialized (
      select r.* from jsonb_to_recordset(${json(sql, rows)}) as r (request integer, tenant text, connection text, id text,
        hash text, room text, kind text, state text, due double precision, reason jsonb, sealed text)
    ), stored as (
      insert into inbox (id, tenant, connection, hash, room, kind, state, reason, sealed, due_at)
      select id, tenant, connection, decode(hash, 'hex'), room, kind, state, reason, decode(sealed, 'base64'),
        case when state <> 'quarantined' then least(to_timestamp(due), clock_timestamp()) end
      -- All statements insert in this order. Two that insert the same rows in different orders would deadlock.
      from came order by tenant, connection, hash
      on conflict (tenant, connection, hash) do nothing
      returning id
    )
    select came.request from stored join came on came.id = stored.id`;
  const fresh = requests.map(() => 0);
  for (const { request } of stored) fresh[request] = (fresh[request] ?? 0) + 1;
  return fresh;
}

function rowOf(ring: KeyRing, arrival: Arrival) {
  const id = newInboxId();
  const sealed = (value: unknown): string => seal(ring, ownerOf(id), JSON.stringify(value)).toString('base64');
  if ('unreadable' in arrival) {
    const { key, request, reason } = arrival.unreadable;
    const hash = hashOf(key).toString('hex');
    return { id, hash, room: '', kind: '', state: 'quarantined', due: null, reason, sealed: sealed(request) };
  }
  const { event } = arrival;
  const state = event.isIncomplete === true ? 'fetching' : 'received';
  const hash = hashOf(event.key).toString('hex');
  return {
    id,
    hash,
    room: event.room,
    kind: event.kind,
    state,
    due: turnOf(event),
    reason: null,
    sealed: sealed(event),
  };
}

/**
 * The platform's time of an event, in seconds since 1970, by which events are routed (I3). An event that arrives late,
 * from a history for instance, is so routed before later events that still wait. Null where the platform's time cannot
 * be read; the event is then due at once.
 */
function turnOf({ at }: InboundEvent): number | null {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? null : Math.max(0, ms) / 1_000;
}

/**
 * Stores the arrivals of one request and returns how many of them are new. Requests that come together share a
 * statement.
 */
export type Receive = (request: ReceivedRequest) => Promise<number>;

/**
 * With a statement for each request, the 16 connections of the pool store at most 80 requests a second when a statement
 * takes 200 ms. Four statements at once, each for up to 100 requests, are no such limit.
 */
const together = {
  most: 100,
  atOnce: 4,
  isOnes: (error: unknown): boolean => !isUnavailable(error) && !isTimedOut(error),
};

export function createReceive(sql: Sql, ring: KeyRing): Receive {
  const store = gather(
    async (requests: readonly ReceivedRequest[]) => (await receive(sql, ring, requests)).map((fresh) => ({ fresh })),
    together,
  );
  return async (request) => (request.arrivals.length === 0 ? 0 : (await store(request)).fresh);
}

/** An event that the caller is to route now. */
export interface LeasedEvent {
  readonly id: InboxId;
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly state: 'received' | 'fetching' | 'waiting';
  readonly event: InboundEvent;
  readonly tries: number;
  /** The event has waited as long as it may for the message that it refers to (I4). */
  readonly isOver: boolean;
}

/**
 * Leases due events for `seconds`, the oldest first by the platform's clock. Only the process that holds the inbox's
 * lease may call it.
 *
 * - I2: an event whose process died is due again when its lease ends.
 * - I3: while an event of a room is being fetched or waits to be tried again, later events of that room stay, until
 *   30 s after the earlier event was received. While a gap is open, no event that the gap concerns is leased, until
 *   30 s after the gap's end, so that events that were missed are routed before newer ones.
 * - I4: an event that waits for another message holds up no other event.
 * - I5: an event that waits to be tried again holds up only its own room.
 *
 * Uses `inbox_due`, `inbox_room` and `gaps_open`.
 * @param limit how many events to lease at most.
 * @returns the leased events, in the order in which they are to be routed.
 */
export async function leaseEvents(sql: Db, ring: KeyRing, limit: number, seconds: number): Promise<LeasedEvent[]> {
  const rows = await sql<(Omit<LeasedEvent, 'event'> & { sealed: Buffer; turn: Date })[]>`
    with due as materialized (
      select i.id, i.due_at as turn from inbox i
      where i.due_at <= clock_timestamp()
        and not exists (
          select from gaps g where g.done_at is null and g.to_at > clock_timestamp() - interval '30 seconds'
            and (g.connection is null or (g.tenant = i.tenant and g.connection = i.connection)))
        and (i.state = 'waiting' or not exists (
          select from inbox b
          where b.tenant = i.tenant and b.connection = i.connection and b.room = i.room and b.id < i.id
            and b.due_at is not null and b.state in ('received', 'fetching') and (b.state = 'fetching' or b.due_at > clock_timestamp())
            and b.received_at > clock_timestamp() - interval '30 seconds'))
      order by i.due_at, i.id limit ${limit}
    )
    update inbox i set due_at = clock_timestamp() + make_interval(secs => ${seconds}), tries = tries + 1
    from due where i.id = due.id
    returning i.id, due.turn, i.tenant, i.connection, i.state, i.sealed, i.tries,
      coalesce(i.wait_until < clock_timestamp(), false) as "isOver"`;
  return rows
    .sort((a, b) => a.turn.getTime() - b.turn.getTime() || (a.id < b.id ? -1 : 1))
    .map(({ sealed, turn: _turn, ...rest }) => ({ ...rest, event: openEvent(ring, rest.id, sealed) }));
}

export function openEvent(ring: KeyRing, id: InboxId, sealed: Buffer): InboundEvent {
  return JSON.parse(open(ring, ownerOf(id), sealed)) as InboundEvent;
}

export function openKept(ring: KeyRing, id: InboxId, sealed: Buffer): KeptRequest {
  return JSON.parse(open(ring, ownerOf(id), sealed)) as KeptRequest;
}

/**
 * Ends an event: it became `message` or changed it, or it is ignored for the reason. The row with the key stays, so
 * that a redelivery is still known (I1); the content is removed. Changes nothing where the event has ended already.
 */
export async function finish(
  sql: Db,
  id: InboxId,
  state: 'routed' | 'ignored',
  { message, reason }: { readonly message?: MessageId; readonly reason?: Reason },
): Promise<void> {
  await sql`
    update inbox set state = ${state}, message = ${message ?? null}, reason = ${json(sql, reason ?? null)}, sealed = null,
      due_at = null, waits_for = null, done_at = clock_timestamp()
    where id = ${id} and done_at is null`;
}

/**
 * Makes an event wait for the message that it refers to (I4). The event is due again when that message is linked, every
 * 5 s in any case, and at the latest `seconds` after its first wait began: then `isOver` is set.
 * @param waitsFor the link key of the message.
 */
export async function waitForEvent(sql: Db, id: InboxId, waitsFor: string, seconds: number): Promise<void> {
  await sql`
    update inbox set state = 'waiting', waits_for = ${waitsFor},
      wait_until = coalesce(wait_until, clock_timestamp() + make_interval(secs => ${seconds})),
      due_at = least(coalesce(wait_until, clock_timestamp() + make_interval(secs => ${seconds})), clock_timestamp() + interval '5 seconds')
    where id = ${id} and done_at is null`;
}

/**
 * Replaces a stored event that turned out to mean something else, such as a delete that took a reaction away. The event
 * that is routed from now on, also after a crash, is the new one.
 */
export async function rewrite(sql: Db, ring: KeyRing, id: InboxId, event: InboundEvent): Promise<void> {
  await sql`
    update inbox set kind = ${event.kind}, sealed = ${seal(ring, ownerOf(id), JSON.stringify(event))}
    where id = ${id} and done_at is null`;
}

/**
 * Makes an event due again after `seconds`, because something failed on our side (I5) or because a run fetches its
 * content. Where the event's state has changed since it was leased, as after a quick fetch, its new due time stays.
 */
export async function postpone(
  sql: Db,
  { id, state }: Pick<LeasedEvent, 'id' | 'state'>,
  seconds: number,
): Promise<void> {
  await sql`
    update inbox set due_at = clock_timestamp() + make_interval(secs => ${seconds}) where id = ${id} and state = ${state}`;
}

/** @returns an event whose content is still to be fetched; undefined where it is complete or has ended. */
export async function findFetching(
  sql: Db,
  ring: KeyRing,
  id: InboxId,
): Promise<Pick<LeasedEvent, 'tenant' | 'connection' | 'event'> | undefined> {
  const [row] = await sql<{ tenant: TenantId; connection: ConnectionId; sealed: Buffer }[]>`
    select tenant, connection, sealed from inbox where id = ${id} and state = 'fetching'`;
  if (row === undefined) return undefined;
  const { sealed, ...rest } = row;
  return { ...rest, event: openEvent(ring, id, sealed) };
}

/** Stores the fetched content of an event. The event is due at once, in its order by the platform's clock (I3). */
export async function complete(sql: Db, ring: KeyRing, id: InboxId, event: InboundEvent): Promise<void> {
  await sql`
    update inbox set state = 'received', sealed = ${seal(ring, ownerOf(id), JSON.stringify(event))},
      due_at = least(to_timestamp(${turnOf(event)}::float8), clock_timestamp())
    where id = ${id} and state = 'fetching'`;
}

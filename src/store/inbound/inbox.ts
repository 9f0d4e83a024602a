import { createHash } from 'node:crypto';
import type { Reason } from '../../domain/failure.ts';
import type { ConnectionId, InboxId, MessageId, TenantId } from '../../domain/ids.ts';
import type { InboundEvent } from '../../domain/inbound.ts';
import { isTimedOut, isUnavailable, json, type Db, type Sql } from '../db/db.ts';
import { gather } from '../db/gather.ts';
import { open, seal, type KeyRing } from '../db/key-ring.ts';
import { newInboxId } from '../db/new-id.ts';

/** What a platform sent, as it is stored before the platform is answered. */
export type Arrival =
  | { readonly event: InboundEvent }
  /** Genuine and not understood: the request as it came, for an operator. */
  | { readonly unreadable: { readonly key: string; readonly request: KeptRequest; readonly reason: Reason } };

/** A request as it came, so that it can be read once more by a version that understands it. */
export interface KeptRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Base64. */
  readonly body: string;
  /** ISO 8601: what its signature was compared with. */
  readonly at: string;
}

const place = (id: InboxId): string => `inbox ${id}`;
const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** What came in one request. */
export interface ReceivedRequest {
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly arrivals: readonly Arrival[];
}

/**
 * Stores what came in any number of requests: one statement, and the only one that an answer waits for. A redelivery
 * finds the row of the first and changes nothing.
 * @returns how many are new, of each request.
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
      -- In one order everywhere: two that store the same in another order would wait for each other.
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
  const sealed = (value: unknown): string => seal(ring, place(id), JSON.stringify(value)).toString('base64');
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
 * In seconds: what comes late, from a history or again, has its turn where it would have had it. Null where the platform's
 * time is none.
 */
function turnOf({ at }: InboundEvent): number | null {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? null : Math.max(0, ms) / 1_000;
}

/** What a process uses to store: requests that come while a statement is under way go together in the next. */
export type Receive = (request: ReceivedRequest) => Promise<number>;

/** Of 20 hooks a statement each the store does 80 in a second where each takes 200 ms; together there is no such limit. */
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

/** An event that is to be routed now. */
export interface LeasedEvent {
  readonly id: InboxId;
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly state: 'received' | 'fetching' | 'waiting';
  readonly event: InboundEvent;
  readonly tries: number;
  /** It has waited as long as it may for what it refers to. */
  readonly isOver: boolean;
}

/**
 * Takes what is due, oldest first by the platform's clock, for `seconds`: who dies with it loses nothing. One process at a
 * time may do this. Of a room nobody takes what came behind something that is being fetched, or tried again, so that its
 * events are routed in their order; and nothing is taken while it is being read what was missed, so that what comes
 * meanwhile does not get in front of it. Either for at most half a minute.
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
  return JSON.parse(open(ring, place(id), sealed)) as InboundEvent;
}

export function openKept(ring: KeyRing, id: InboxId, sealed: Buffer): KeptRequest {
  return JSON.parse(open(ring, place(id), sealed)) as KeptRequest;
}

/** Done: it became `message`, changed it, or is none of ours. The key stays, the content goes. */
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
 * Sets it aside until what it refers to is known here, which `release` says, for at most `seconds` from the first time.
 * It is looked at now and then all the same.
 */
export async function waitForEvent(sql: Db, id: InboxId, waitsFor: string, seconds: number): Promise<void> {
  await sql`
    update inbox set state = 'waiting', waits_for = ${waitsFor},
      wait_until = coalesce(wait_until, clock_timestamp() + make_interval(secs => ${seconds})),
      due_at = least(coalesce(wait_until, clock_timestamp() + make_interval(secs => ${seconds})), clock_timestamp() + interval '5 seconds')
    where id = ${id} and done_at is null`;
}

/** It turned out to be about something else than it said: from now on, and after a crash, this is what came. */
export async function rewrite(sql: Db, ring: KeyRing, id: InboxId, event: InboundEvent): Promise<void> {
  await sql`
    update inbox set kind = ${event.kind}, sealed = ${seal(ring, place(id), JSON.stringify(event))}
    where id = ${id} and done_at is null`;
}

/**
 * Something failed on our side, or its content is being fetched: again after `seconds`. One that has come further since it
 * was taken, as by a fetch that was quick, is due when that said.
 */
export async function postpone(
  sql: Db,
  { id, state }: Pick<LeasedEvent, 'id' | 'state'>,
  seconds: number,
): Promise<void> {
  await sql`
    update inbox set due_at = clock_timestamp() + make_interval(secs => ${seconds}) where id = ${id} and state = ${state}`;
}

/** An event whose content is still to be fetched; undefined where it is complete, or over. */
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

/** Its content has come: it is due in its place. */
export async function complete(sql: Db, ring: KeyRing, id: InboxId, event: InboundEvent): Promise<void> {
  await sql`
    update inbox set state = 'received', sealed = ${seal(ring, place(id), JSON.stringify(event))},
      due_at = least(to_timestamp(${turnOf(event)}::float8), clock_timestamp())
    where id = ${id} and state = 'fetching'`;
}

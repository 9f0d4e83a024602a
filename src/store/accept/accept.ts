import { createHash } from 'node:crypto';
import { graceMs, usualClocks } from '../../domain/clocks.ts';
import { bestEffortMs } from '../../domain/delivery-class.ts';
import type { DeliveryId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import { priorities, type MessageState } from '../../domain/message.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import { sealContent } from '../db/contents.ts';
import { interval, json, type Db } from '../db/db.ts';
import { envelopeInsert, given } from '../db/envelope.ts';
import type { KeyRing } from '../db/key-ring.ts';
import { newDeliveryId } from '../db/new-id.ts';
import type { Acceptance, Asked } from './acceptance.ts';

export interface AcceptedDelivery {
  readonly id: DeliveryId;
  readonly destination: DestinationId;
  readonly state: DeliveryState;
}

export interface Accepted {
  readonly id: MessageId;
  readonly state: MessageState;
  readonly deliveries: readonly AcceptedDelivery[];
}

export type AcceptResult =
  | ({ readonly outcome: 'accepted' | 'duplicate' } & Accepted)
  /** The same key with another body. */
  | { readonly outcome: 'conflict'; readonly id: MessageId }
  /** The plan was made from an older configuration: load it again and repeat. */
  | { readonly outcome: 'stale' }
  /** There is no message that this one could reply to. */
  | { readonly outcome: 'no-thread' };

/** The hash by which `dedupe` knows keys and bodies. */
export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * A1: whether some delivery of the message is not final. A parked delivery may be retried, so its message's key is
 * kept.
 */
export const isNotFinal = (sql: Db, message: 'dedupe.message' | 'm.id') => sql`
  exists (
    select from deliveries n
    where n.message = ${sql(message)} and n.state not in ('delivered', 'cancelled', 'skipped', 'expired'))`;

/**
 * Accepts a message.
 *
 * What accepting guarantees:
 * - A1. A key is accepted once. The same key with the same body gets the first answer, with another body it is refused.
 *   A key is known for 7 days, and longer while its message is not final.
 * - A2. Message, plan, deliveries, content, sequence and event are stored in one statement, or nothing is. Further
 *   round trips would hold the lock on the conversation's counter for longer.
 * - A3. A message is stored only if its plan was made from the current configuration. Otherwise the caller plans again.
 * - A4. The order of a conversation is the order of acceptance: its counter is raised here, under its row's lock. A
 *   scheduled message gets its number when its time comes.
 * - A5. The workflow's id is made from the tenant and from the hash of dedupe scope and key, with `.2`, `.3` … where an
 *   expired key is used again. So a second start of one message is noticed. The tenant has at most 64 characters and
 *   the hash has 64, far below the 255 that PostgreSQL-backed Temporal can hold.
 * - A6. Accepting needs PostgreSQL only. The caller pokes the dispatcher after the commit.
 *
 * Locks in this order: dedupe, conversation. Everything else that it writes is new.
 */
export async function accept(sql: Db, ring: KeyRing, a: Acceptance): Promise<AcceptResult> {
  const hash = sha256(`${a.dedupeScope}\0${a.dedupeKey}`);
  const bodyHash = sha256(a.canonicalBody);
  const ids = a.deliveries.map(() => newDeliveryId());
  const plan = a.deliveries.map(({ destination, via, policy, timeoutMs, inLane, holdForMs }, index) => ({
    id: ids[index],
    destination,
    via,
    policy,
    timeout_ms: timeoutMs,
    in_lane: inLane,
    hold_for: inLane && holdForMs !== null ? interval(holdForMs) : null,
  }));
  const sealed = sealContent(ring, a.id, 1, { content: a.content, sender: a.sender });
  const state = a.deliveries.length === 0 ? 'unrouted' : 'accepted';
  const band = priorities.indexOf(a.priority) + 1;
  const isLater = a.sendAt !== null;
  const bestEffortSeconds = a.class === 'best-effort' ? bestEffortMs / 1000 : null;
  const envelope = envelopeInsert(sql, given(sql, a), {
    sequence: isLater ? null : sql`(select sequence from conversation)`,
    occurredAt: sql`coalesce(${a.occurredAt}::timestamptz, clock_timestamp())`,
    thread: sql`(select id from thread)`,
    expiresAt: sql`
      least(${a.expiresAt}::timestamptz, greatest(clock_timestamp(), ${a.sendAt}::timestamptz)
        + make_interval(secs => ${bestEffortSeconds}::float8))`,
  });
  const [row] = await sql<{ threaded: boolean; accepted: boolean }[]>`
    with config as ( -- A3
      select from config_versions where tenant = ${a.tenant} and version = ${a.configVersion}
    ), thread as (
      select null as id where ${a.thread}::text is null
      union all
      -- A reply to an edit is a reply to the message that was edited.
      select coalesce(refers_to, id) from messages where tenant = ${a.tenant} and id = ${a.thread}
    ), claimed as ( -- A1: a second post with the same key waits here for the first one
      insert into dedupe (tenant, scope, hash, body_hash, message, expires_at)
      select ${a.tenant}, ${a.dedupeScope}, ${hash}, ${bodyHash}, ${a.id}, clock_timestamp() + make_interval(secs => ${usualClocks.dedupeMs / 1000})
      from config, thread
      on conflict (tenant, scope, hash) do update
      set body_hash = excluded.body_hash, message = excluded.message, expires_at = excluded.expires_at,
        generation = dedupe.generation + 1
      where dedupe.expires_at < clock_timestamp()
        and not ${isNotFinal(sql, 'dedupe.message')}
      returning generation
    ), conversation as ( -- A4
      insert into conversations (tenant, id, sequence)
      select ${a.tenant}, ${a.conversation}::text, ${isLater ? 0 : 1} from claimed where ${a.conversation}::text is not null
      on conflict (tenant, id) do update set sequence = conversations.sequence + ${isLater ? 0 : 1}
      returning sequence
    ), message as (
      insert into messages (${envelope.columns}, workflow_id, dedupe_key, band, state, open_count, set_aside)
      select ${envelope.values},
        ${a.tenant} || ':' || ${hash.toString('hex')} || case when generation > 1 then '.' || generation else '' end,
        ${a.dedupeKey}, ${band}, ${state}, ${ids.length}, ${isLater}
      from claimed
      returning id, tenant, conversation, sequence, expires_at, send_at
    ), content as (
      insert into contents (message, version, sealed) select id, 1, ${sealed} from message
    ), planned as (
      insert into deliveries (id, tenant, message, destination, via, policy, timeout_ms, lane, sequence, max_attempts, band,
        hold_for, expires_at, due_at, depends_on, depends_until)
      select p.id, m.tenant, m.id, p.destination, p.via, p.policy, p.timeout_ms,
        case when p.in_lane then m.conversation end, case when p.in_lane then m.sequence end,
        (p.policy->>'maxAttempts')::integer, ${band}, p.hold_for, m.expires_at,
        least(m.expires_at, greatest(m.send_at, clock_timestamp()) + make_interval(secs => ${graceMs.accepted / 1000})),
        parent.id, case when parent.id is not null then
          greatest(m.send_at, clock_timestamp()) + make_interval(secs => ${usualClocks.threadWaitMs / 1000}) end
      from message m
      cross join jsonb_to_recordset(${json(sql, plan)})
        as p (id text, destination text, via text, policy jsonb, timeout_ms integer, in_lane boolean, hold_for interval)
      left join deliveries parent on parent.message = (select id from thread) and parent.tenant = m.tenant
        and parent.destination = p.destination and parent.action = 'create'
    ), event as (
      insert into events (tenant, type, message, data) select tenant, 'carillon.message.' || ${state}::text, id, '{}' from message
    )
    select exists (select from thread) as threaded, exists (select from message) as accepted`;
  if (row?.accepted === true) {
    const deliveries = a.deliveries.map(({ destination }, index) => ({
      id: ids[index] ?? '',
      destination,
      state: 'queued' as const,
    }));
    return { outcome: 'accepted', id: a.id, state, deliveries };
  }
  // A1 comes before A3: a known key gets the first answer, whatever changed in the configuration since.
  return (await findAccepted(sql, a)) ?? { outcome: row?.threaded === false ? 'no-thread' : 'stale' };
}

/**
 * @returns the first acceptance of a known key, whatever changed in the configuration since (A1). An expired key whose
 *   message is final is not known any more.
 */
export async function findAccepted(sql: Db, a: Asked): Promise<AcceptResult | undefined> {
  const known = await findByKey(sql, a.tenant, a.dedupeScope, sha256(`${a.dedupeScope}\0${a.dedupeKey}`));
  if (known === undefined) return undefined;
  if (!known.bodyHash.equals(sha256(a.canonicalBody))) return { outcome: 'conflict', id: known.id };
  return {
    outcome: 'duplicate',
    id: known.id,
    state: known.state,
    deliveries: await acceptedDeliveries(sql, known.id),
  };
}

async function findByKey(
  sql: Db,
  tenant: TenantId,
  dedupeScope: string,
  hash: Buffer,
): Promise<{ id: MessageId; state: MessageState; bodyHash: Buffer } | undefined> {
  const [row] = await sql<{ id: MessageId; state: MessageState; bodyHash: Buffer }[]>`
    select m.id, m.state, d.body_hash as "bodyHash"
    from dedupe d join messages m on m.id = d.message
    where d.tenant = ${tenant} and d.scope = ${dedupeScope} and d.hash = ${hash}
      and (d.expires_at >= clock_timestamp() or ${isNotFinal(sql, 'm.id')})`;
  return row;
}

async function acceptedDeliveries(sql: Db, message: MessageId): Promise<AcceptedDelivery[]> {
  return sql<AcceptedDelivery[]>`select id, destination, state from deliveries where message = ${message} order by id`;
}

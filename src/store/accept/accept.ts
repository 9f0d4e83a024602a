import { createHash } from 'node:crypto';
import type { DeliveryClassName } from '../../domain/delivery-class.ts';
import { graceMs, usualClocks } from '../../domain/clocks.ts';
import { bestEffortMs } from '../../domain/delivery-class.ts';
import type { DeliveryId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import {
  schemaVersion,
  type Content,
  type MessageState,
  type Priority,
  type Sender,
  priorities,
} from '../../domain/message.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import type { PlannedDelivery } from '../../domain/plan.ts';
import { sealContent } from '../db/contents.ts';
import { interval, json, type Db } from '../db/db.ts';
import type { KeyRing } from '../db/key-ring.ts';
import { newDeliveryId } from '../db/new-id.ts';

export interface Acceptance {
  readonly id: MessageId;
  readonly tenant: TenantId;
  /** `api`, or the connection that it came by. */
  readonly dedupeScope: string;
  readonly dedupeKey: string;
  /** RFC 8785 form of the body, without `id`. */
  readonly canonicalBody: string;
  readonly type: string;
  readonly source: string;
  readonly conversation: string | null;
  readonly occurredAt: Date | null;
  readonly dataVersion: string | null;
  readonly correlationId: string;
  readonly priority: Priority;
  readonly class: DeliveryClassName | null;
  /** When it is to go out; null is now. */
  readonly sendAt: Date | null;
  /** When it is worth nothing any more. */
  readonly expiresAt: Date | null;
  /** The message that it replies to. */
  readonly thread: MessageId | null;
  /** The message that it is a replay of. */
  readonly replayOf?: MessageId;
  readonly labels: Readonly<Record<string, string>>;
  readonly content: Content;
  readonly sender: Sender | null;
  readonly deliveries: readonly PlannedDelivery[];
  /** Version of the configuration that the plan was made from. */
  readonly configVersion: number;
}

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

/** Of keys and bodies in `dedupe`. */
export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A key is kept while something may still happen to its message: what is parked may be retried. */
export const isNotFinal = (sql: Db, message: 'dedupe.message' | 'm.id') => sql`
  exists (
    select from deliveries n
    where n.message = ${sql(message)} and n.state not in ('delivered', 'cancelled', 'skipped', 'expired'))`;

/**
 * Accepts a message: ONE statement and so one transaction, because each further round trip would hold the conversation's
 * counter locked for longer. It claims the dedupe row first; a second post with the same key waits for it there. The
 * workflow's id is the dedupe id: tenant, hash of scope and key, and `.2`, `.3` … when an expired key is used again;
 * 7 characters of tenant and 64 of hash keep it far below the 255 that PostgreSQL-backed Temporal can hold.
 *
 * Locks, in this order: dedupe, conversation. All else that it writes is new.
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
  const [row] = await sql<{ threaded: boolean; accepted: boolean }[]>`
    with config as (
      select from config_versions where tenant = ${a.tenant} and version = ${a.configVersion}
    ), thread as (
      select null as id where ${a.thread}::text is null
      union all
      -- Who replies to an edit means what it edits.
      select coalesce(refers_to, id) from messages where tenant = ${a.tenant} and id = ${a.thread}
    ), claimed as (
      insert into dedupe (tenant, scope, hash, body_hash, message, expires_at)
      select ${a.tenant}, ${a.dedupeScope}, ${hash}, ${bodyHash}, ${a.id}, clock_timestamp() + make_interval(secs => ${usualClocks.dedupeMs / 1000})
      from config, thread
      on conflict (tenant, scope, hash) do update
      set body_hash = excluded.body_hash, message = excluded.message, expires_at = excluded.expires_at,
        generation = dedupe.generation + 1
      where dedupe.expires_at < clock_timestamp()
        and not ${isNotFinal(sql, 'dedupe.message')}
      returning generation
    ), conversation as (
      insert into conversations (tenant, id, sequence)
      select ${a.tenant}, ${a.conversation}::text, ${isLater ? 0 : 1} from claimed where ${a.conversation}::text is not null
      on conflict (tenant, id) do update set sequence = conversations.sequence + ${isLater ? 0 : 1}
      returning sequence
    ), message as (
      insert into messages (id, tenant, workflow_id, type, source, conversation, sequence, occurred_at, schema_version,
        data_version, correlation_id, dedupe_key, priority, band, labels, state, open_count, class, thread, send_at,
        set_aside, replay_of, expires_at)
      select ${a.id}, ${a.tenant},
        ${a.tenant} || ':' || ${hash.toString('hex')} || case when generation > 1 then '.' || generation else '' end,
        ${a.type}, ${a.source}, ${a.conversation}, ${isLater ? null : sql`(select sequence from conversation)`},
        coalesce(${a.occurredAt}::timestamptz, clock_timestamp()), ${schemaVersion}, ${a.dataVersion}, ${a.correlationId},
        ${a.dedupeKey}, ${a.priority}, ${band}, ${json(sql, a.labels)}, ${state}, ${ids.length}, ${a.class},
        (select id from thread), ${a.sendAt}, ${isLater}, ${a.replayOf ?? null},
        least(${a.expiresAt}::timestamptz, greatest(clock_timestamp(), ${a.sendAt}::timestamptz) + make_interval(secs => ${bestEffortSeconds}::float8))
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
  // A key that is known answers before the plan's age does: the first acceptance stands, whatever changed since.
  return (await findAccepted(sql, a)) ?? { outcome: row?.threaded === false ? 'no-thread' : 'stale' };
}

/**
 * What a key that is known answers, whatever became of the configuration since. An expired key whose message is at rest
 * is not known any more.
 */
export async function findAccepted(
  sql: Db,
  a: Pick<Acceptance, 'tenant' | 'dedupeScope' | 'dedupeKey' | 'canonicalBody'>,
): Promise<AcceptResult | undefined> {
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

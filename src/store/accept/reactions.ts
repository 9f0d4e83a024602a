import { graceMs } from '../../domain/clocks.ts';
import type { ConnectionId, MessageId, TenantId } from '../../domain/ids.ts';
import type { PlannedDelivery } from '../../domain/plan.ts';
import { toAcceptance } from './acceptance.ts';
import { findAccepted, type AcceptedDelivery, type AcceptResult } from './accept.ts';
import { changeMessage, claimed, planned, type Change } from './change-statement.ts';
import { sealContent } from '../db/contents.ts';
import { isConflict, json, type Db } from '../db/db.ts';
import type { KeyRing } from '../db/key-ring.ts';
import { newDeliveryId } from '../db/new-id.ts';

export interface Reactor {
  readonly message: MessageId;
  /** Unicode, or `:name:`. */
  readonly emoji: string;
  readonly connection: ConnectionId;
  /** The platform's id of the person who reacts. */
  readonly person: string;
  /** The reaction's own key, where the platform names only that when the reaction is taken away. */
  readonly native?: string;
}

/**
 * Writes that a person reacts, or does not any more.
 * @returns whether anything changed, and how many other people have the same reaction. Only the first reaction that
 *   comes and the last that goes are sent to the other rooms.
 */
export async function noteReaction(
  sql: Db,
  { message, emoji, connection, person, native }: Reactor,
  adds: boolean,
): Promise<{ changed: boolean; others: number }> {
  const [row] = await sql<[{ changed: boolean; others: number }]>`
    with changed as (
      ${
        adds
          ? sql`insert into reactions (message, emoji, connection, person, native)
            values (${message}, ${emoji}, ${connection}, ${person}, ${native ?? null})
            on conflict (message, emoji, connection, person) do update set native = excluded.native
            where reactions.native is distinct from excluded.native returning 1`
          : sql`delete from reactions
            where message = ${message} and emoji = ${emoji} and connection = ${connection} and person = ${person} returning 1`
      }
    )
    select exists (select from changed) as changed,
      (select count(*)::integer from reactions
        where message = ${message} and emoji = ${emoji} and (connection, person) <> (${connection}, ${person})) as others`;
  return row;
}

/**
 * Finds a reaction by the key that its platform gave it, with a native id of the message there. Uses
 * `reactions_native`.
 */
export async function findNamedReaction(
  sql: Db,
  tenant: TenantId,
  connection: ConnectionId,
  native: string,
): Promise<{ readonly emoji: string; readonly person: string; readonly original: string } | undefined> {
  const [row] = await sql<{ emoji: string; person: string; original: string }[]>`
    select r.emoji, r.person, l.native as original
    from reactions r join links l on l.message = r.message and l.connection = r.connection
    where r.connection = ${connection} and r.native = ${native} and l.tenant = ${tenant}
    order by l.key limit 1`;
  return row;
}

export interface ReactionChange extends Change {
  readonly type: 'reaction.added' | 'reaction.removed';
  readonly emoji: string;
  /** The rooms in which the reaction is to be shown. */
  readonly deliveries: readonly PlannedDelivery[];
}

/**
 * Accepts a reaction as a message of its own that refers to its original. At each destination it waits for the original
 * (N4), and reactions with one emoji keep their order. One statement, which locks dedupe only.
 */
export async function acceptReaction(sql: Db, ring: KeyRing, change: ReactionChange): Promise<AcceptResult | 'gone'> {
  const known = await findAccepted(sql, change);
  if (known !== undefined) return known;
  const said = { content: { text: '', emoji: change.emoji }, sender: null };
  const message = toAcceptance(change, { type: change.type }, said, { refersTo: change.original });
  const sealed = sealContent(ring, change.id, 1, said);
  const plan = change.deliveries.map(({ destination, via, policy, timeoutMs }) => ({
    id: newDeliveryId(),
    destination,
    via,
    policy,
    timeout_ms: timeoutMs,
  }));
  const action = change.type === 'reaction.added' ? 'react' : 'unreact';
  const deliveries = await sql<AcceptedDelivery[]>`
    with ${claimed(sql, change)}, conversation as (select null::bigint as sequence), wanted as materialized (
      select p.* from jsonb_to_recordset(${json(sql, plan)})
        as p (id text, destination text, via text, policy jsonb, timeout_ms integer)
    ), raised as (
      select * from messages where id = ${change.original} and deleted_at is null and exists (select from claimed)
    ), ${changeMessage(sql, message, 1)}, content as (
      insert into contents (message, version, sealed) select id, 1, ${sealed} from message
    ), planned as (
      insert into deliveries (id, tenant, message, destination, via, policy, timeout_ms, lane, sequence, max_attempts, band,
        action, depends_on, expires_at, due_at)
      select w.id, m.tenant, m.id, w.destination, w.via, w.policy, w.timeout_ms,
        'reaction:' || m.refers_to || ':' || ${change.emoji}, (extract(epoch from clock_timestamp()) * 1000000)::bigint,
        (w.policy->>'maxAttempts')::integer, m.band, ${action}, parent.id, m.expires_at,
        least(m.expires_at, clock_timestamp() + make_interval(secs => ${graceMs.accepted / 1000}))
      from wanted w cross join message m
      left join deliveries parent on parent.message = m.refers_to and parent.tenant = m.tenant
        and parent.destination = w.destination and parent.action = 'create'
      returning id, destination, state
    )
    ${planned(sql)}`.catch((error: unknown) => {
    if (isConflict(error)) return [];
    throw error;
  });
  const [made] = await sql<{ state: 'accepted' }[]>`select state from messages where id = ${change.id}`;
  if (made !== undefined) return { outcome: 'accepted', id: change.id, state: made.state, deliveries };
  return (await findAccepted(sql, change)) ?? 'gone';
}

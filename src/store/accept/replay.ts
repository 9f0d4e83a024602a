import type { DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import { planDelivery } from '../../domain/plan.ts';
import { accept, findAccepted, type AcceptResult } from './accept.ts';
import { toAcceptance, type Acceptance, type Asked } from './acceptance.ts';
import { openContent } from '../db/contents.ts';
import type { Db } from '../db/db.ts';
import { envelopeColumns, type EnvelopeRow } from '../db/envelope.ts';
import type { PlanEntry } from '../config/destinations.ts';
import type { KeyRing } from '../db/key-ring.ts';

export const replayScope = 'api:replay';

/** A request to replay a message. */
export interface Replay {
  /** The id of the new message. */
  readonly id: MessageId;
  readonly tenant: TenantId;
  readonly original: MessageId;
  /** Absent: the original's destinations. */
  readonly destinations: readonly DestinationId[] | null;
  /** Without a key each replay is a new message. */
  readonly key: string | undefined;
}

/** The configuration that a replay is planned from: the one in memory, and the one in the database now. */
export interface PlanSource {
  current(): Promise<ReplayPlan>;
  reload(): Promise<ReplayPlan>;
}

interface ReplayPlan {
  readonly version: number;
  readonly requireKey: boolean;
  readonly destinations: ReadonlyMap<DestinationId, PlanEntry>;
}

export type ReplayResult =
  | Extract<AcceptResult, { outcome: 'accepted' | 'duplicate' | 'conflict' }>
  | { readonly outcome: 'not-found' | 'deleted' | 'erased' | 'key-required' }
  /** The message is itself an edit or a delete. */
  | { readonly outcome: 'is-a-change'; readonly of: MessageId | null }
  | { readonly outcome: 'unknown-destinations'; readonly destinations: readonly DestinationId[] }
  /** The configuration changed at the same time, time and again. */
  | { readonly outcome: 'contended' };

interface Original extends EnvelopeRow {
  /** `expiresAt` is in the future, and the sender chose it. Null without `expiresAt`. */
  readonly keepsEnd: boolean | null;
  readonly isDeleted: boolean;
  readonly version: number;
  readonly sealed: Buffer | null;
  readonly destinations: DestinationId[];
}

const maxTries = 5;

/**
 * Accepts a message once more, as a new message with the same envelope and the newest text, planned by today's
 * configuration. It goes out now, also where the original was scheduled, and it comes last in its conversation. It is
 * accepted like every message, so a known key gets the answer of the first replay (A1).
 */
export async function acceptReplay(sql: Db, ring: KeyRing, replay: Replay, plans: PlanSource): Promise<ReplayResult> {
  const { id, tenant, original: replayOf, destinations, key } = replay;
  const canonicalBody = JSON.stringify({ destinations, replayOf });
  const asked = { id, tenant, dedupeScope: replayScope, dedupeKey: key ?? id, canonicalBody };
  let plan = await plans.current();
  for (let tries = 0; tries < maxTries; tries += 1) {
    const known = key === undefined ? undefined : await findAccepted(sql, asked);
    if (known?.outcome === 'duplicate' || known?.outcome === 'conflict') return known;
    const original = await findOriginal(sql, tenant, replayOf);
    if (original === undefined) return { outcome: 'not-found' };
    if (/^message\.(?:edited|deleted)$/.test(original.type)) return { outcome: 'is-a-change', of: original.refersTo };
    if (original.isDeleted) return { outcome: 'deleted' };
    if (original.sealed === null) return { outcome: 'erased' };
    // A destination that is unknown here may have been configured by another process a moment ago.
    if (tries === 0 && unknownOf(plan, original, destinations).length > 0) plan = await plans.reload();
    const unknown = unknownOf(plan, original, destinations);
    if (unknown.length > 0) return { outcome: 'unknown-destinations', destinations: unknown };
    if (plan.requireKey && key === undefined) return { outcome: 'key-required' };
    const result = await accept(sql, ring, planReplay(ring, asked, replay, original, plan));
    if (result.outcome !== 'stale' && result.outcome !== 'no-thread') return result;
    plan = await plans.reload();
  }
  return { outcome: 'contended' };
}

function unknownOf(plan: ReplayPlan, original: Original, destinations: Replay['destinations']): DestinationId[] {
  return (destinations ?? original.destinations).filter((one) => !plan.destinations.has(one));
}

function planReplay(
  ring: KeyRing,
  asked: Asked,
  { original: replayOf, destinations }: Replay,
  original: Original,
  plan: ReplayPlan,
): Acceptance {
  const chosen = { ...original, sendAt: null, expiresAt: original.keepsEnd === true ? original.expiresAt : null };
  const said = openContent(ring, replayOf, original.version, original.sealed);
  const unplanned = toAcceptance(asked, chosen, said, { replayOf });
  const via = destinations === null ? 'replay' : 'request';
  return {
    ...unplanned,
    configVersion: plan.version,
    deliveries: (destinations ?? original.destinations).flatMap((one) => {
      const entry = plan.destinations.get(one);
      return entry === undefined ? [] : [planDelivery(entry, unplanned, via)];
    }),
  };
}

/**
 * An `expiresAt` that has passed is dropped, because an operator wants the message out now. Best effort starts its time
 * again.
 */
async function findOriginal(sql: Db, tenant: TenantId, id: MessageId): Promise<Original | undefined> {
  const [row] = await sql<Original[]>`
    select ${envelopeColumns(sql)}, c.version, c.sealed, m.deleted_at is not null as "isDeleted",
      m.expires_at > clock_timestamp() and m.class is distinct from 'best-effort' as "keepsEnd",
      to_jsonb(array(
        select d.destination from deliveries d where d.message = m.id and d.action = 'create' order by d.id)) as destinations
    from messages m
    left join lateral (
      select version, sealed from contents where message = m.id order by version desc limit 1) c on true
    where m.tenant = ${tenant} and m.id = ${id}`;
  return row;
}

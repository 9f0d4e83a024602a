import type { Connector } from '../../connectors/contract/connector.ts';
import type { Inbound } from '../../connectors/contract/inbound.ts';
import type { Reason } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { Sql } from '../../store/db/db.ts';
import { finish, waitForEvent, type LeasedEvent } from '../../store/inbound/inbox.ts';
import type { KeyRing } from '../../store/db/key-ring.ts';
import { findLink } from '../../store/inbound/links.ts';
import type { PlanCaches } from '../../store/accept/plan-cache.ts';
import type { CommandedDelivery } from '../../store/runs/commands.ts';
import type { Room } from './rooms.ts';

/** What routing is made of. */
export interface RouteDeps {
  readonly sql: Sql;
  readonly ring: KeyRing;
  readonly plans: PlanCaches;
  readonly connectors: ReadonlyMap<string, Connector>;
  /** Tells the dispatcher that messages were accepted. */
  readonly poke: () => void;
  /** Wakes the runs of what a delete stopped; where that fails the sweep does it. */
  readonly wakeStopped: (stopped: readonly CommandedDelivery[]) => Promise<void>;
}

/** One event of a bridged room, and all that is known of it. */
export interface RoutableEvent {
  readonly leased: LeasedEvent;
  readonly rooms: readonly Room[];
  readonly connector: string;
  readonly inbound: Inbound;
}

/** How long a reply waits for what it replies to; then it stands by itself. */
export const parentWaitSeconds = 30;
/**
 * How long a change waits for its original. Long, because it costs nothing: an original that comes late is then still
 * edited or deleted, and does not stay as it was.
 */
export const originalWaitSeconds = 3_600;

export function ignored(code: ReasonCode, message: string): { readonly reason: Reason } {
  return { reason: { code, message } };
}

/** The message that a change is about; undefined where the event was set aside, or is over. */
export async function findOriginal({ sql }: RouteDeps, { leased, inbound }: RoutableEvent) {
  const key = inbound.linkKey(leased.event.nativeId);
  const link = await findLink(sql, leased.tenant, leased.connection, key);
  if (link !== undefined) return { ...link, key };
  if (leased.isOver)
    await finish(sql, leased.id, 'ignored', ignored('original_unknown', 'What it changes never came, or is too old.'));
  else await waitForEvent(sql, leased.id, key, originalWaitSeconds);
  return undefined;
}

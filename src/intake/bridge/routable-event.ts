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

/** What the functions that route an event need. */
export interface RouteDeps {
  readonly sql: Sql;
  readonly ring: KeyRing;
  readonly plans: PlanCaches;
  readonly connectors: ReadonlyMap<string, Connector>;
  /** Tells the dispatcher that messages were accepted. */
  readonly poke: () => void;
  /** Wakes the runs of the deliveries that a delete stopped. The sweep does it when this fails. */
  readonly wakeStopped: (stopped: readonly CommandedDelivery[]) => Promise<void>;
}

/** An event of a bridged room, with the rooms and the connector it belongs to. */
export interface RoutableEvent {
  readonly leased: LeasedEvent;
  readonly rooms: readonly Room[];
  readonly connector: string;
  readonly inbound: Inbound;
}

/** How long a reply waits for its parent. After that it is accepted without a thread. */
export const parentWaitSeconds = 30;
/**
 * How long a change waits for its original. The wait costs nothing, so it is long: an original that arrives late still
 * gets its edit or delete.
 */
export const originalWaitSeconds = 3_600;

export function ignored(code: ReasonCode, message: string): { readonly reason: Reason } {
  return { reason: { code, message } };
}

/**
 * The message that a change or reaction is about.
 * @returns undefined when that message is not known. The event is then set to wait for it, or ends as `ignored` when it
 * has waited long enough.
 */
export async function findOriginal({ sql }: RouteDeps, { leased, inbound }: RoutableEvent) {
  const key = inbound.linkKey(leased.event.nativeId);
  const link = await findLink(sql, leased.tenant, leased.connection, key);
  if (link !== undefined) return { ...link, key };
  if (leased.isOver)
    await finish(
      sql,
      leased.id,
      'ignored',
      ignored('original_unknown', 'The message that it changes never came, or is too old.'),
    );
  else await waitForEvent(sql, leased.id, key, originalWaitSeconds);
  return undefined;
}

import type { DeliveryState } from '../../domain/delivery.ts';
import { isOpen } from '../../domain/delivery.ts';
import type { DeliveryId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import { findNextInLanes } from '../../store/waiting/lane.ts';
import { requestCancel, requestRetry } from '../../store/runs/commands.ts';
import type { ActivityDeps } from '../deps.ts';

export interface CommandInput {
  readonly kind: 'retry' | 'cancel';
  readonly tenant: TenantId;
  readonly message: MessageId;
  readonly destination?: DestinationId;
  readonly by?: string;
  readonly reason?: string;
}

export interface TouchedDelivery {
  readonly delivery: DeliveryId;
  readonly state: DeliveryState;
}

/**
 * Writes a command that came as a signal. One that came by API is there already; writing it again changes nothing.
 * @returns the deliveries whose tracks must look at the ledger again: for a retry those that are open and due, for a
 * cancel those that are cancelled or must find out first whether they arrived. An unknown destination gives none.
 */
export function createApplyCommand({ sql, wakeNext }: Pick<ActivityDeps, 'sql' | 'wakeNext'>) {
  return async function applyCommand(input: CommandInput): Promise<TouchedDelivery[]> {
    const target = {
      message: input.message,
      ...(input.destination === undefined ? {} : { destination: input.destination }),
    };
    const commanded = await (input.kind === 'retry'
      ? requestRetry(sql, input.tenant, target)
      : requestCancel(sql, input.tenant, target, true));
    if (input.kind === 'cancel')
      (
        await findNextInLanes(
          sql,
          commanded.map(({ id }) => id),
        )
      ).forEach(wakeNext);
    return commanded
      .filter(
        ({ state }) => (isOpen(state) && state !== 'sending') || (input.kind === 'cancel' && state === 'cancelled'),
      )
      .map(({ id, state }) => ({ delivery: id, state }));
  };
}

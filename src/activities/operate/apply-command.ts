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
 * Makes the activity that writes a command that came as a signal. A command that came through the API was written
 * before; writing it again changes nothing. A cancel wakes the deliveries that go next in their lanes.
 * @returns the deliveries for which the workflow must look at the ledger again: those that are open and not being sent,
 * and after a cancel those that are cancelled. An unknown destination gives none.
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

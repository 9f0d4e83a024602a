import type { DeliveryState } from '../domain/delivery.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import type { ActivityDeps } from './index.ts';

/**
 * Writes the outcome of an attempt that could not be written while PostgreSQL was away: the workflow carries it until
 * then, so it is ambiguous only if the process died.
 */
export function createSettleOutcome({ ledger, wake }: Pick<ActivityDeps, 'ledger' | 'wake'>) {
  return async function settleOutcome(settlement: Settlement): Promise<{ state: DeliveryState }> {
    const settled = await ledger.settle(settlement);
    settled.next.forEach(wake);
    return { state: settled.state };
  };
}

import type { DeliveryClassName } from './delivery-class.ts';
import type { Priority } from './message.ts';

/**
 * Up to which share of what can be taken each band is taken. Under overload the least urgent go first and `critical` last,
 * so that an alarm still gets in when everything else is turned away.
 */
const shares: Readonly<Record<Priority, number>> = { low: 0.25, normal: 0.6, high: 0.85, critical: 1 };

/** Best effort goes with the lowest band, whatever its own. */
export function shareOf(priority: Priority, deliveryClass: DeliveryClassName | null): number {
  return deliveryClass === 'best-effort' ? shares.low : shares[priority];
}

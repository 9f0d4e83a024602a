import type { DeliveryClassName } from './delivery-class.ts';
import type { Priority } from './message.ts';

/**
 * Up to which share of its capacity the API accepts messages of each band. Under overload the least urgent messages are
 * refused first and `critical` ones last, so that an alarm is accepted when everything else is turned away.
 */
const shares: Readonly<Record<Priority, number>> = { low: 0.25, normal: 0.6, high: 0.85, critical: 1 };

/** The share for a message. Best effort counts as the lowest band, whatever its priority. */
export function shareOf(priority: Priority, deliveryClass: DeliveryClassName | null): number {
  return deliveryClass === 'best-effort' ? shares.low : shares[priority];
}

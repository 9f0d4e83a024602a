import type { DeliveryClassName } from '../../domain/delivery-class.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Priority } from '../../domain/message.ts';
import { shareOf } from '../../domain/shedding.ts';
import { Problem } from '../errors.ts';

/**
 * The most messages of this process that may wait for PostgreSQL. At 1000 accepts/s this is the work of one second. A
 * later message would not be answered in time anyway.
 */
const maxPending = 1_000;
/** The Retry-After of an overloaded API, in seconds. */
const retryAfterSeconds = 2;
/** A tenant that was quiet may send at once what its rate grants in this time, in milliseconds. */
const burstMs = 1_000;
/** The rates of this many tenants are tracked. A tenant that drops out starts with a full burst. */
const maxTenants = 10_000;

export interface Admission {
  /**
   * Admits a message, or refuses it before it costs anything.
   * @param perSecond the tenant's limit, or null for none. It applies to each process of the API separately.
   * @returns the function to call when the message is done.
   * @throws Problem 429: `overloaded` for this priority or class, or `rate_limited` when the tenant exceeds its limit.
   */
  enter(
    tenant: TenantId,
    message: { readonly priority: Priority; readonly class: DeliveryClassName | null },
    perSecond: number | null,
  ): () => void;
}

/** @param now a monotonic clock, in milliseconds. */
export function createAdmission(now: () => number = () => performance.now()): Admission {
  let pending = 0;
  const due = new Map<TenantId, number>();

  /** Applies GCRA. `due` holds the time at which the tenant's next message is due at its rate. */
  function keepRate(tenant: TenantId, perSecond: number): void {
    const intervalMs = 1_000 / perSecond;
    const moment = now();
    const at = Math.max(due.get(tenant) ?? moment, moment);
    const waitMs = at - moment - burstMs;
    if (waitMs > 0) {
      const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
      throw new Problem('rate_limited', `This tenant may post ${perSecond} messages a second.`, {
        headers: {
          'retry-after': String(seconds),
          'ratelimit-limit': String(perSecond),
          'ratelimit-remaining': '0',
          'ratelimit-reset': String(seconds),
        },
      });
    }
    due.delete(tenant); // Deleting it first moves the tenant to the end of the map, which keeps the order of use.
    due.set(tenant, at + intervalMs);
    const [oldest] = due.keys();
    if (due.size > maxTenants && oldest !== undefined) due.delete(oldest);
  }

  return {
    enter(tenant, message, perSecond) {
      if (pending >= maxPending * shareOf(message.priority, message.class)) {
        const what = message.class === 'best-effort' ? 'best-effort' : message.priority;
        throw new Problem(
          'overloaded',
          `Too many requests are waiting. For now ${what} messages are refused, and this one was not accepted.`,
          {
            headers: { 'retry-after': String(retryAfterSeconds) },
          },
        );
      }
      if (perSecond !== null) keepRate(tenant, perSecond);
      pending += 1;
      return () => void (pending -= 1);
    },
  };
}

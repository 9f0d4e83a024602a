import type { DeliveryClassName } from '../../domain/delivery-class.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Priority } from '../../domain/message.ts';
import { shareOf } from '../../domain/shedding.ts';
import { Problem } from '../errors.ts';

/**
 * Posts that wait for PostgreSQL at once, per process. At 1 000 accepts/s and more it is a second's worth: who came
 * behind them would get no answer in time anyway.
 */
const maxPending = 1_000;
/** What is turned away comes back when this is over. */
const retryAfterSeconds = 2;
/** A tenant may have saved up so much of its rate, in milliseconds. */
const burstMs = 1_000;
/** Tenants whose rates are kept in mind; one that is forgotten begins anew, in its favour. */
const maxTenants = 10_000;

export interface Admission {
  /**
   * Lets a post in, or turns it away before it costs anything.
   * @param perSecond the tenant's limit; null without one. It holds for each process of the API.
   * @returns how to say that it is done.
   * @throws Problem 429 `overloaded` by band, or `rate_limited` for a tenant that posts faster than it may.
   */
  enter(
    tenant: TenantId,
    message: { readonly priority: Priority; readonly class: DeliveryClassName | null },
    perSecond: number | null,
  ): () => void;
}

/** @param now a clock that never goes back, milliseconds. */
export function createAdmission(now: () => number = () => performance.now()): Admission {
  let pending = 0;
  const due = new Map<TenantId, number>();

  /** GCRA: the time at which the next post of the tenant would be due at its rate. */
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
    due.delete(tenant); // so that the map keeps the order of use
    due.set(tenant, at + intervalMs);
    const [oldest] = due.keys();
    if (due.size > maxTenants && oldest !== undefined) due.delete(oldest);
  }

  return {
    enter(tenant, message, perSecond) {
      if (pending >= maxPending * shareOf(message.priority, message.class)) {
        const what = message.class === 'best-effort' ? 'best-effort' : message.priority;
        throw new Problem('overloaded', `Too much waits already to take ${what} messages. It is not accepted.`, {
          headers: { 'retry-after': String(retryAfterSeconds) },
        });
      }
      if (perSecond !== null) keepRate(tenant, perSecond);
      pending += 1;
      return () => void (pending -= 1);
    },
  };
}

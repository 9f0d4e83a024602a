import type { AttemptId, DeliveryId, TenantId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';

export interface AttemptRow {
  readonly id: AttemptId;
  readonly number: number;
  readonly trigger: 'auto' | 'manual';
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly outcome: 'delivered' | 'transient' | 'ambiguous' | 'permanent' | 'stopped' | 'unknown' | null;
  readonly late: boolean;
  readonly code: string | null;
  readonly status: number | null;
  readonly message: string | null;
  readonly excerpt: string | null;
  readonly retryAfterMs: number | null;
  /** The part that the attempt sent, from 1; null where the delivery is one post. */
  readonly part: number | null;
  readonly worker: string;
}

/**
 * Lists the attempts of a delivery after the attempt `after`, in the order in which they began. The order is that of
 * the ids, because a claim that was given back leaves its number to the next attempt. Uses `attempts_delivery`.
 */
export async function listAttempts(
  sql: Db,
  tenant: TenantId,
  delivery: DeliveryId,
  limit: number,
  after: AttemptId,
): Promise<AttemptRow[]> {
  return sql<AttemptRow[]>`
    select a.id, a.number, a.trigger, a.started_at as "startedAt", a.ended_at as "endedAt", a.outcome, a.late, a.code,
      a.status, a.message, a.excerpt, a.retry_after_ms as "retryAfterMs", a.part, a.worker
    from attempts a join deliveries d on d.id = a.delivery
    where d.tenant = ${tenant} and d.id = ${delivery} and a.id > ${after} order by a.id limit ${limit}`;
}

import { formatDuration } from '../../domain/retry-input.ts';
import type { DeliveryRow } from '../../store/read/deliveries.ts';
import type { DeliveryAnswer, MessageDeliveryAnswer } from '../schemas/delivery.ts';

/** A delivery as it appears in its message. */
export function showMessageDelivery(row: DeliveryRow): MessageDeliveryAnswer {
  const { id, destination, state, attempts, maxAttempts, late, doubled, via, policy, receipt } = row;
  const { parts, arrived } = row;
  const reason = reasonOf(row);
  return {
    id,
    destination,
    state,
    attempts,
    maxAttempts,
    nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
    action: row.action,
    ...(reason === null ? {} : { reason }),
    ...(row.degraded === null ? {} : { degraded: [...row.degraded] }),
    late,
    doubled,
    intent: {
      via,
      class: row.class,
      policy: policy.name,
      expiresAt: row.expiresAt?.toISOString() ?? null,
      deadline: row.deadlineAt?.toISOString() ?? null,
      deadlineAfter: policy.deadlineMs === null ? null : formatDuration(policy.deadlineMs),
    },
    ...(parts === null || parts === 1 ? {} : { parts: { total: parts, arrived } }),
    ...(receipt === null ? {} : { receipt: showReceipt(receipt) }),
  };
}

/** The reason, with the number of parts that have arrived when only some have. */
function reasonOf({ reason, parts, arrived }: DeliveryRow): DeliveryRow['reason'] {
  if (reason === null || parts === null || arrived === 0 || reason.code === 'part_delivered') return reason;
  return { ...reason, message: `${reason.message} ${arrived} of ${parts} parts have arrived.` };
}

/** A receipt without the attempt's token, with its time in the usual format. */
function showReceipt({ nativeId, url, version, at }: NonNullable<DeliveryRow['receipt']>) {
  return { nativeId, ...(url === undefined ? {} : { url }), version, at: new Date(at).toISOString() };
}

/** A delivery as it appears alone and in lists. */
export function showDelivery(row: DeliveryRow): DeliveryAnswer {
  const { message, conversation, workflowId, createdAt, settledAt } = row;
  return {
    ...showMessageDelivery(row),
    message,
    conversation,
    workflowId,
    createdAt: createdAt.toISOString(),
    settledAt: settledAt?.toISOString() ?? null,
  };
}

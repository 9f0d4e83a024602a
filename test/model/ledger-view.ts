import { clocksOf, type Instant } from '../../src/domain/clocks.ts';
import { bestEffortPolicy } from '../../src/domain/delivery-class.ts';
import type { GateView } from '../../src/domain/gate.ts';
import { isBehind } from './lane.ts';
import type { Delivery, Try } from './ledger.ts';
import type { LedgerView } from '../../src/domain/step.ts';

/**
 * Returns what an attempt reads of a delivery, as `store/ledger/ledger.ts` selects it. Times are in milliseconds
 * relative to now.
 */
export function viewOf(
  delivery: Delivery,
  others: readonly Delivery[],
  gates: readonly GateView[],
  now: Instant,
): LedgerView {
  const clocks = clocksOf(delivery, now);
  const until = (time: Instant | null): number | null => (time === null ? null : time - now);
  const since = (time: Instant | null): number | null => (time === null ? null : now - time);
  return {
    state: delivery.state,
    attempts: delivery.attempts,
    maxAttempts: delivery.maxAttempts,
    claimMs: until(clocks.claimUntil),
    notBeforeMs: until(clocks.nextAttemptAt),
    deadlineMs: until(clocks.deadlineAt),
    inDoubtMs: since(delivery.doubt?.since ?? null),
    doubtMs: until(clocks.doubtUntil),
    absentMs: since(delivery.absentAt),
    isBehind: isBehind(delivery, others, now),
    isCancelled: delivery.cancelRequestedAt !== null,
    isManual: isGranted(delivery),
    expiresMs: until(clocks.expiresAt),
    isBestEffort: delivery.intent.policy.name === bestEffortPolicy,
    gates,
  };
}

/**
 * Whether an operator granted this retry cycle, knowing of every doubt: no attempt of the cycle itself may have
 * arrived.
 */
function isGranted({ trigger, tries, cycleStart }: Delivery): boolean {
  const round = tries.filter(({ number, outcome }) => number > cycleStart && outcome !== 'stopped');
  const isWanted = round.some((one) => one.trigger === 'manual');
  return trigger === 'manual' || (isWanted && round.every(({ outcome }) => !mayHaveArrived(outcome)));
}

const mayHaveArrived = (outcome: Try['outcome']): boolean => outcome === 'ambiguous' || outcome === 'unknown';

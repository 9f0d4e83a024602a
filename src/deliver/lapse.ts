import type { Verdict } from '../domain/step.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';
import { settle } from '../store/ledger/settle.ts';
import type { ActivityDeps } from '../activities/index.ts';
import type { Job } from './attempt-plan.ts';

/**
 * The process that held the claim died, or lost its way, between claim and settle: nobody knows whether the platform has
 * it. Whether it may be sent again is decided by `nextStep` once the claim is gone; only class C asks the policy here.
 */
export async function lapse(deps: ActivityDeps, entry: LedgerEntry, job: Job | undefined): Promise<void> {
  if (entry.claimToken === null) throw new Error(`${entry.id}: sending without a claim`);
  const isUncertain = job?.recoveryClass.kind === 'C' && entry.target?.ambiguous === 'at-most-once';
  const verdict: Verdict = isUncertain
    ? { state: 'uncertain', inDoubt: true }
    : { state: 'retrying', delayMs: 1, inDoubt: true };
  const settled = await settle(deps.sql, {
    kind: 'failed',
    delivery: entry.id,
    token: entry.claimToken,
    outcome: 'unknown',
    verdict,
    ...(job?.recoveryClass.kind === 'B' ? { canLookUp: true } : {}),
    reason: {
      code: 'worker_lost',
      message: 'The process that was sending it ended before it could say what happened.',
    },
  });
  settled.next.forEach(deps.wake);
}

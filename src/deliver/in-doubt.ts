import type { Receipt } from '../connectors/contract/connector.ts';
import { isOpen } from '../domain/delivery.ts';
import type { DeliveryReason, SendFailure } from '../domain/failure.ts';
import { nextDelayMs } from '../domain/retry.ts';
import type { Verdict } from '../domain/step.ts';
import { beginLookUp, recordAbsence } from '../store/ledger/doubt.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';
import type { AttemptPlan } from './attempt-plan.ts';
import type { DeliverDeps } from './deps.ts';
import type { GatheredFiles } from './gather-files.ts';
import { planPost, type PlannedPost } from './post-plan.ts';
import { connectorResult } from './prepare.ts';
import { again, resultOf, type DeliverResult } from './result.ts';
import { degradedBy, storedReceipt } from './settlement.ts';

/**
 * Settles the claim of a process that died, or that was too slow, between its claim and its settle: it is unknown
 * whether the platform has the message. `nextStep` decides later whether it may be sent again; only recovery class C
 * asks the destination's policy here.
 */
export async function settleLapsed(
  { ledger }: Pick<DeliverDeps, 'ledger'>,
  entry: LedgerEntry,
  plan: AttemptPlan | undefined,
): Promise<void> {
  if (entry.claimToken === null) throw new Error(`${entry.id}: sending without a claim`);
  const isUncertain = plan?.recoveryClass.kind === 'C' && entry.target?.ambiguous === 'at-most-once';
  const verdict: Verdict = isUncertain
    ? { state: 'uncertain', inDoubt: true }
    : { state: 'retrying', delayMs: 1, inDoubt: true };
  await ledger.settle({
    kind: 'failed',
    delivery: entry.id,
    token: entry.claimToken,
    outcome: 'unknown',
    verdict,
    ...(plan?.recoveryClass.kind === 'B' ? { canLookUp: true } : {}),
    reason: {
      code: 'worker_lost',
      message: 'The worker ended during the attempt, so its outcome is unknown.',
    },
  });
}

/**
 * Looks in the platform's history whether an attempt whose answer was lost got through. It spends no attempt. A look-up
 * that was refused or not finished is repeated later and is never taken for "absent".
 * @param final this is the second look: if it finds nothing either, the message is sent again.
 * @returns undefined where the ledger has to be read again: the post is absent, or a part was found and others follow.
 */
export async function lookUp(
  deps: DeliverDeps,
  plan: AttemptPlan,
  files: GatheredFiles,
  final: boolean,
): Promise<DeliverResult | undefined> {
  const { entry, connector } = plan;
  const reconcile = connector.reconcile?.bind(connector);
  if (reconcile === undefined) throw new Error(`${connector.name} is of class B and has no reconcile`);
  if (entry.firstAttemptAt === null) throw new Error(`${entry.id} is in doubt without an attempt`);
  await beginLookUp(deps.sql, entry.id);
  const context = { ...plan.context, attempt: entry.view.attempts };
  const since = entry.firstAttemptAt;
  const looked = await connectorResult('transient', async () => {
    const post = planPost(plan, plan.whole, files);
    return { post, receipt: await reconcile(post.outgoing, since, context) };
  });
  if ('failure' in looked) return refused(deps, plan, looked.failure);
  const { post, receipt } = looked.value;
  if (receipt !== undefined) return recordReceipt(deps, plan, post, receipt);
  await recordAbsence(deps.sql, entry.id, final, entry.part + 1);
  return undefined;
}

async function recordReceipt(
  deps: DeliverDeps,
  plan: AttemptPlan,
  post: PlannedPost,
  receipt: Receipt,
): Promise<DeliverResult | undefined> {
  const { entry, breaker } = plan;
  const stored = storedReceipt(plan, post, receipt, 'look-up');
  const written = await deps.ledger.found(entry.id, stored, breaker, degradedBy(plan, post, receipt));
  return written === undefined || isOpen(written.state) ? undefined : resultOf(entry, written);
}

async function refused(
  deps: DeliverDeps,
  { entry, connector }: AttemptPlan,
  refusal: SendFailure,
): Promise<DeliverResult | undefined> {
  const { code, message, status } = refusal;
  const isOver = entry.view.deadlineMs !== null && entry.view.deadlineMs <= 0;
  if (refusal.kind === 'permanent' || isOver) {
    const reason: DeliveryReason = {
      code: 'look_up_refused',
      message: `An attempt may have arrived, and ${connector.title} refused the look-up: ${code}: ${message}`,
      ...(status === undefined ? {} : { status }),
      gaveUp: refusal.kind === 'permanent' ? 'permanent' : 'deadline_exceeded',
    };
    const written = await deps.ledger.end({ delivery: entry.id, state: 'uncertain', reason });
    return isOpen(written.state) ? undefined : resultOf(entry, written);
  }
  const inCycle = Math.max(1, entry.view.attempts - entry.cycleStart);
  const delayMs = nextDelayMs(entry.policy, inCycle, Math.random(), refusal.retryAfterMs);
  const text = `${entry.destination}: look-up refused: ${code}, again in ${Math.ceil(delayMs / 1000)} s`;
  return again(text, delayMs);
}

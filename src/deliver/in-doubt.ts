import { SendFailure } from '../domain/failure.ts';
import { nextDelayMs } from '../domain/retry.ts';
import { beginLookUp, recordAbsence, recordFound } from '../store/ledger/doubt.ts';
import { rest } from '../store/ledger/end.ts';
import type { Settled } from '../store/ledger/settle-result.ts';
import { tryAgain } from '../activities/failure.ts';
import type { ActivityDeps } from '../activities/index.ts';
import type { Job } from './attempt-plan.ts';
import { degradedBy, linkOf, receiptPartOf } from './settlement.ts';

/**
 * Asks the platform's history whether an attempt whose answer was lost got through. Spends no attempt. A look-up that
 * was refused or not finished is repeated later and is never taken for "absent".
 * @returns what was settled when it is there; undefined when it is not, for now or for good (`final`).
 */
export async function lookUp(deps: ActivityDeps, job: Job, final: boolean): Promise<Settled | undefined> {
  const { entry, connector, outgoing } = job;
  if (connector.reconcile === undefined) throw new Error(`${connector.name} is of class B and has no reconcile`);
  if (entry.firstAttemptAt === null) throw new Error(`${entry.id} is in doubt without an attempt`);
  await beginLookUp(deps.sql, entry.id);
  const context = { ...job.context, attempt: entry.view.attempts };
  try {
    const receipt = await connector.reconcile(outgoing, entry.firstAttemptAt, context);
    if (receipt === undefined) {
      await recordAbsence(deps.sql, entry.id, final, entry.part + 1);
      return undefined;
    }
    const { nativeId, url } = receipt;
    const found = {
      nativeId,
      ...(url === undefined ? {} : { url }),
      version: entry.version,
      attempt: 'look-up',
      ...receiptPartOf(job),
      ...linkOf(job, nativeId),
    };
    return await recordFound(deps.sql, entry.id, found, job.breaker, degradedBy(job, receipt));
  } catch (error) {
    const refusal = error instanceof SendFailure ? error : defect(error);
    const isOver = entry.view.deadlineMs !== null && entry.view.deadlineMs <= 0;
    if (refusal.kind === 'permanent' || isOver) {
      const reason = {
        code: 'look_up_refused',
        message: `It may have arrived, and ${connector.title} refuses to say: ${refusal.code}: ${refusal.message}`,
        ...(refusal.status === undefined ? {} : { status: refusal.status }),
      };
      return rest(deps.sql, { delivery: entry.id, state: 'uncertain', reason });
    }
    const delayMs = nextDelayMs(
      entry.policy,
      Math.max(1, entry.view.attempts - entry.roundStart),
      Math.random(),
      refusal.retryAfterMs,
    );
    throw tryAgain(
      `${entry.destination}: look-up refused: ${refusal.code}, again in ${Math.ceil(delayMs / 1000)} s`,
      delayMs,
    );
  }
}

/** A connector that throws anything else is defective; that proves no more than a refusal does. */
function defect(cause: unknown): SendFailure {
  const message = `The look-up failed unexpectedly: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new SendFailure({ kind: 'transient', code: 'connector_defect', message, cause });
}

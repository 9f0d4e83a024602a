import type { Receipt, SendContext } from '../connectors/connector.ts';
import { SendFailure } from '../domain/failure.ts';
import type { Claim, ClaimRequest } from '../store/claim.ts';
import { newAttemptId } from '../store/new-id.ts';
import { release } from '../store/release.ts';
import type { Settlement } from '../store/settle.ts';
import type { Settled } from '../store/settled.ts';
import type { MadeAttempt } from './conclude.ts';
import { tryAgain } from './failure.ts';
import { identify } from './identify.ts';
import type { ActivityDeps } from './index.ts';
import type { Job } from './job.ts';
import { persist, withoutWords } from './persist.ts';
import { delivered, failed } from './settlement.ts';

export type Sent =
  | { readonly settled: Settled; readonly attempt: MadeAttempt }
  /** PostgreSQL stayed away after the send. */
  | { readonly unsettled: Settlement };

type Outcome<T> = { readonly value: T } | { readonly failure: SendFailure };

/**
 * One attempt: prepare → claim → send → settle. A failure while preparing is settled like one of the send, with a claim
 * of its own, so that it counts and backs off; it is never ambiguous.
 */
export async function sendOnce(deps: ActivityDeps, job: Job): Promise<Sent | 'not-claimed'> {
  const prepared = await prepare(deps, job);
  const claimed = await deps.ledger.claim(claimRequest(deps, job));
  return claimed === undefined ? 'not-claimed' : sendClaimed(deps, job, prepared, claimed);
}

/** All that comes before the claim; changes nothing at the platform. */
export function prepare(deps: ActivityDeps, job: Job): Promise<Outcome<unknown>> {
  const { entry, connector, context } = job;
  return outcomeOf('transient', async () =>
    connector.prepare(await identify(deps, job), { ...context, attempt: entry.view.attempts + 1 }),
  );
}

export function claimRequest({ worker }: ActivityDeps, { entry }: Job): ClaimRequest {
  return {
    token: newAttemptId(),
    delivery: entry.id,
    version: entry.version,
    timeoutMs: entry.timeoutMs,
    policyDeadlineMs: entry.policy.deadlineMs,
    worker,
  };
}

/** From the claim to the settle. */
export async function sendClaimed(
  deps: ActivityDeps,
  job: Job,
  prepared: Outcome<unknown>,
  claimed: Claim,
): Promise<Sent> {
  const { entry, connector, outgoing } = job;
  const context: SendContext = { ...job.context, attempt: claimed.attempt };
  await deps.pace.keep(entry.tenant, entry.target?.rates ?? []);
  const outcome: Outcome<Receipt> =
    'failure' in prepared
      ? prepared
      : await outcomeOf('ambiguous', () => connector.send(prepared.value, outgoing, context));
  if ('failure' in outcome && outcome.failure.kind === 'stopped') {
    (await release(deps.sql, entry.id, claimed.token)).forEach(deps.wake);
    throw tryAgain(`${entry.destination}: the worker stopped before anything was sent`, 1_000);
  }
  const settlement =
    'failure' in outcome
      ? failed(job, claimed, outcome.failure, Math.random())
      : delivered(job, claimed, outcome.value);
  const settled = await persist(deps, settlement);
  if (settled === undefined) return { unsettled: withoutWords(settlement) };
  const code = 'failure' in outcome ? outcome.failure.code : 'delivered';
  return { settled, attempt: { number: claimed.attempt, max: claimed.maxAttempts, code } };
}

/** What a connector throws beside SendFailure is a defect of ours; in a send nobody knows what it wrote by then. */
async function outcomeOf<T>(defect: 'transient' | 'ambiguous', call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    if (error instanceof SendFailure) return { failure: error };
    const message = `The connector failed unexpectedly: ${error instanceof Error ? error.message : String(error)}`;
    return { failure: new SendFailure({ kind: defect, code: 'connector_defect', message, cause: error }) };
  }
}

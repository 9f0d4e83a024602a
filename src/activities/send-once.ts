import { SendFailure } from '../domain/failure.ts';
import { nextDelayMs } from '../domain/retry.ts';
import { judge } from '../domain/step.ts';
import { claim, type Claim } from '../store/claim.ts';
import { isTimedOut, isUnavailable } from '../store/db.ts';
import { newAttemptId } from '../store/new-id.ts';
import { release, settle, type Settled, type Settlement } from '../store/settle.ts';
import type { Receipt, SendContext } from '../connectors/connector.ts';
import type { Job } from './deliver.ts';
import { tryAgain } from './failure.ts';
import type { ActivityDeps } from './index.ts';

/** The settle is repeated so long after the claim's own margin; then Temporal carries the outcome. */
const settleForMs = 3_500;
const settlePauseMs = 200;

export interface Sent {
  readonly settled: Settled;
  readonly attempt: { readonly number: number; readonly max: number; readonly code: string; readonly status?: number };
}

/**
 * One attempt: prepare → claim → send → settle. A failure while preparing is settled like one of the send, with a claim
 * of its own, so that it counts and backs off; it is never ambiguous.
 */
export async function sendOnce(
  deps: ActivityDeps,
  job: Job,
): Promise<Sent | 'not-claimed' | { readonly unsettled: Settlement }> {
  const { entry, connector, outgoing } = job;
  const prepared = await outcomeOf('transient', () =>
    connector.prepare(outgoing, { ...job.context, attempt: entry.view.attempts + 1 }),
  );
  const claimed = await claim(deps.sql, {
    token: newAttemptId(),
    delivery: entry.id,
    version: entry.version,
    timeoutMs: entry.timeoutMs,
    policyDeadlineMs: entry.policy.deadlineMs,
    worker: deps.worker,
  });
  if (claimed === undefined) return 'not-claimed';
  const context: SendContext = { ...job.context, attempt: claimed.attempt };
  const outcome =
    'failure' in prepared
      ? prepared
      : await outcomeOf('ambiguous', () => connector.send(prepared.value, outgoing, context));
  if ('failure' in outcome && outcome.failure.kind === 'stopped') {
    await release(deps.sql, entry.id, claimed.token);
    throw tryAgain(`${entry.destination}: the worker stopped before anything was sent`, 1_000);
  }
  const settlement =
    'failure' in outcome ? failed(job, claimed, outcome.failure) : delivered(job, claimed, outcome.value);
  const settled = await persist(deps, settlement);
  if (settled === undefined) return { unsettled: withoutWords(settlement) };
  const failure = 'failure' in outcome ? outcome.failure : undefined;
  return {
    settled,
    attempt: {
      number: claimed.attempt,
      max: claimed.maxAttempts,
      code: failure?.code ?? 'delivered',
      ...(failure?.status === undefined ? {} : { status: failure.status }),
    },
  };
}

/** What a connector throws beside SendFailure is a defect of ours; in a send nobody knows what it wrote by then. */
async function outcomeOf<T>(
  defect: 'transient' | 'ambiguous',
  call: () => Promise<T>,
): Promise<{ value: T } | { failure: SendFailure }> {
  try {
    return { value: await call() };
  } catch (error) {
    if (error instanceof SendFailure) return { failure: error };
    const message = `The connector failed unexpectedly: ${error instanceof Error ? error.message : String(error)}`;
    return { failure: new SendFailure({ kind: defect, code: 'connector_defect', message, cause: error }) };
  }
}

function delivered({ entry }: Job, claimed: Claim, receipt: Receipt): Settlement {
  const { nativeId, url, status } = receipt;
  return {
    kind: 'delivered',
    delivery: entry.id,
    token: claimed.token,
    receipt: { nativeId, ...(url === undefined ? {} : { url }), version: entry.version, attempt: claimed.token },
    ...(status === undefined ? {} : { status }),
  };
}

function failed({ entry, connector, outgoing }: Job, claimed: Claim, failure: SendFailure): Settlement {
  if (failure.kind === 'stopped') throw new Error('a stopped attempt is released, not settled');
  const { kind, code, status, retryAfterMs, excerpt } = failure;
  const delayMs = nextDelayMs(entry.policy, claimed.attempt - entry.roundStart, Math.random(), retryAfterMs);
  const verdict = judge(
    {
      kind,
      attempts: claimed.attempt,
      maxAttempts: claimed.maxAttempts,
      delayMs,
      deadlineMs: claimed.deadlineMs,
      wasInDoubt: entry.view.inDoubtMs !== null,
    },
    connector.deliveryClass(outgoing, outgoing.action.kind),
    entry.target?.ambiguous ?? 'at-least-once',
  );
  return {
    kind: 'failed',
    delivery: entry.id,
    token: claimed.token,
    outcome: kind,
    verdict,
    reason: { code, message: failure.message, ...(status === undefined ? {} : { status }) },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(excerpt === undefined ? {} : { excerpt }),
  };
}

/**
 * Writes the outcome, again and again while PostgreSQL is away; undefined when it stayed away. The time holds also for a
 * connection that hears nobody any more: settling once more does no harm, whichever of the two gets through.
 */
async function persist(deps: ActivityDeps, settlement: Settlement): Promise<Settled | undefined> {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), settleForMs);
  const gaveUp = new Promise<undefined>((resolve) => end.signal.addEventListener('abort', () => resolve(undefined)));
  try {
    return await Promise.race([settleUntil(end.signal, deps, settlement), gaveUp]);
  } finally {
    clearTimeout(timer);
  }
}

async function settleUntil(end: AbortSignal, deps: ActivityDeps, settlement: Settlement): Promise<Settled | undefined> {
  while (!end.aborted) {
    try {
      return await settle(deps.sql, settlement);
    } catch (error) {
      if (!isUnavailable(error) && !isTimedOut(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, settlePauseMs));
    }
  }
  return undefined;
}

/** What the platform said stays out of Temporal's history. */
function withoutWords(settlement: Settlement): Settlement {
  if (settlement.kind === 'delivered') return settlement;
  const { excerpt: _excerpt, ...rest } = settlement;
  return {
    ...rest,
    reason: { ...rest.reason, message: `${rest.reason.code}; details were lost while PostgreSQL was away` },
  };
}

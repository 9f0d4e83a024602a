import type { Receipt } from '../connectors/contract/connector.ts';
import { lostForms } from '../connectors/text/lost-forms.ts';
import { parseMarkdown } from '../connectors/text/markdown.ts';
import type { Reason, SendFailure } from '../domain/failure.ts';
import { connectionGate, destinationGate, type GateName } from '../domain/gate.ts';
import { nextDelayMs } from '../domain/retry.ts';
import { judge } from '../domain/step.ts';
import type { Claim } from '../store/ledger/claim.ts';
import type { GateReport } from '../store/waiting/breaker.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import type { StoredReceipt } from '../store/ledger/settle-result.ts';
import type { Job } from './attempt-plan.ts';

/** Statuses and codes by which a platform says "not so fast": they hold back, and say nothing of its health. */
const isRateLimit = ({ code, status }: SendFailure): boolean => status === 429 || code === 'ratelimited';

export function delivered(job: Job, claimed: Claim, receipt: Receipt): Settlement {
  const { entry, breaker } = job;
  const { nativeId, url, status } = receipt;
  const degraded = degradedBy(job, receipt);
  return {
    kind: 'delivered',
    delivery: entry.id,
    token: claimed.token,
    receipt: {
      nativeId,
      ...(url === undefined ? {} : { url }),
      version: entry.version,
      attempt: claimed.token,
      ...receiptPartOf(job),
      ...linkOf(job, nativeId),
    },
    ...(status === undefined ? {} : { status }),
    ...(degraded.length === 0 ? {} : { degraded }),
    healthy: breaker,
  };
}

/** What was left out or done otherwise than asked: what stood in the way, and which forms of the text the platform lacks. */
export function degradedBy({ connector, outgoing, degraded }: Job, receipt: Receipt): Reason[] {
  const reason = receipt.degraded ?? degraded;
  const hasText = ['create', 'edit'].includes(outgoing.action.kind) && outgoing.file === undefined;
  const forms =
    !hasText || connector.keeps === undefined || reason?.code === 'plain_text'
      ? []
      : lostForms(outgoing.message.content.text, connector.keeps, parseMarkdown);
  return [
    ...(reason === undefined ? [] : [reason]),
    ...(forms.length === 0 ? [] : [{ code: 'forms_lost', message: `On ${connector.title} ${forms.join(', ')}.` }]),
  ];
}

/** Which part a receipt is of. */
export function receiptPartOf({ part }: Job): Pick<StoredReceipt, 'part' | 'isGone'> {
  if (part === undefined) return {};
  return { part: part.number, ...(part.isRemoval ? { isGone: true } : {}) };
}

/** Where events come back from a platform, what we posted must be known there. */
export function linkOf({ entry, connector }: Job, nativeId: string): Pick<StoredReceipt, 'link'> {
  if (connector.inbound === undefined || entry.target === undefined || entry.action !== 'create') return {};
  const thread = connector.inbound.threadKey?.(nativeId);
  const key = connector.inbound.linkKey(nativeId);
  return { link: { connection: entry.target.connection, key, ...(thread === undefined ? {} : { thread }) } };
}

/** @param random a number in [0, 1), for the spread of the backoff. */
export function failed(job: Job, claimed: Claim, failure: SendFailure, random: number): Settlement {
  const { entry, recoveryClass } = job;
  if (failure.kind === 'stopped') throw new Error('a stopped attempt is released, not settled');
  const { kind, code, status, retryAfterMs, excerpt } = failure;
  const verdict = judge(
    {
      kind,
      attempts: claimed.attempt,
      maxAttempts: claimed.maxAttempts,
      delayMs: nextDelayMs(entry.policy, claimed.attempt - entry.roundStart, random, retryAfterMs),
      deadlineMs: claimed.deadlineMs,
      wasInDoubt: entry.view.inDoubtMs !== null,
      isBestEffort: entry.view.isBestEffort,
    },
    recoveryClass,
    entry.target?.ambiguous ?? 'at-least-once',
  );
  return {
    kind: 'failed',
    delivery: entry.id,
    token: claimed.token,
    outcome: kind,
    verdict,
    reason: { code, message: failure.message, ...(status === undefined ? {} : { status }) },
    ...(recoveryClass.kind === 'B' ? { canLookUp: true } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(excerpt === undefined ? {} : { excerpt }),
    troubles: troublesOf(job, failure),
  };
}

/** What the failure says of the destination or connection as a whole, one entry a scope. */
function troublesOf({ entry, breaker }: Job, failure: SendFailure): GateReport[] {
  const scope = gateOf({ entry }, failure);
  if (failure.kind === 'permanent') return scope === undefined ? [] : [{ scope, failed: false, pauses: true }];
  const held: GateReport[] =
    failure.retryAfterMs !== undefined && scope !== undefined
      ? [{ scope, failed: false, heldMs: failure.retryAfterMs }]
      : [];
  if (isRateLimit(failure) || failure.code === 'connector_defect') return held;
  const [hold] = held;
  if (hold?.scope === breaker) return [{ ...hold, failed: true }];
  return [...held, { scope: breaker, failed: true }];
}

function gateOf({ entry }: Pick<Job, 'entry'>, { affects }: SendFailure): GateName | undefined {
  if (affects === 'message' || entry.target === undefined) return undefined;
  return affects === 'connection' ? connectionGate(entry.target.connection) : destinationGate(entry.destination);
}

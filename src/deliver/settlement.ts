import type { Receipt } from '../connectors/contract/connector.ts';
import { lostForms } from '../connectors/text/lost-forms.ts';
import { parseMarkdown } from '../connectors/text/markdown.ts';
import type { Reason, SendFailure } from '../domain/failure.ts';
import { connectionGate, destinationGate, type GateName } from '../domain/gate.ts';
import { nextDelayMs } from '../domain/retry.ts';
import { judge } from '../domain/step.ts';
import type { Claim } from '../store/ledger/claim.ts';
import type { StoredReceipt } from '../store/ledger/settle-result.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import type { GateReport } from '../store/waiting/breaker.ts';
import type { AttemptPlan } from './attempt-plan.ts';
import type { PlannedPost } from './post-plan.ts';
import type { Result } from './prepare.ts';

/**
 * What the ledger must write of an attempt that ended.
 * @param random a number in [0, 1), for the spread of the backoff.
 */
export function settlementOf(
  plan: AttemptPlan,
  post: PlannedPost,
  claimed: Claim,
  result: Result<Receipt>,
  random: number,
): Settlement {
  return 'failure' in result
    ? failed(plan, claimed, result.failure, random)
    : delivered(plan, post, claimed, result.value);
}

function delivered(plan: AttemptPlan, post: PlannedPost, claimed: Claim, receipt: Receipt): Settlement {
  const degraded = degradedBy(plan, post, receipt);
  return {
    kind: 'delivered',
    delivery: plan.entry.id,
    token: claimed.token,
    receipt: storedReceipt(plan, post, receipt, claimed.token),
    ...(receipt.status === undefined ? {} : { status: receipt.status }),
    ...(degraded.length === 0 ? {} : { degraded }),
    healthy: plan.breaker,
  };
}

/** @param attempt the id of the attempt that sent it, or `look-up` where a look-up found it. */
export function storedReceipt(
  plan: AttemptPlan,
  { part }: PlannedPost,
  { nativeId, url }: Receipt,
  attempt: string,
): StoredReceipt {
  return {
    nativeId,
    ...(url === undefined ? {} : { url }),
    version: plan.entry.version,
    attempt,
    ...(part === undefined ? {} : { part: part.number, ...(part.isRemoval ? { isGone: true } : {}) }),
    ...linkOf(plan, nativeId),
  };
}

/** If the platform sends events, the post is linked to its message, so that later events about it are recognised. */
function linkOf({ entry, connector }: AttemptPlan, nativeId: string): Pick<StoredReceipt, 'link'> {
  if (connector.inbound === undefined || entry.target === undefined || entry.action !== 'create') return {};
  const thread = connector.inbound.threadKey?.(nativeId);
  const key = connector.inbound.linkKey(nativeId);
  return { link: { connection: entry.target.connection, key, ...(thread === undefined ? {} : { thread }) } };
}

/** What was left out or done otherwise than asked, and which forms of the text the platform lacks. */
export function degradedBy(
  { connector }: AttemptPlan,
  { outgoing, degraded }: PlannedPost,
  receipt: Receipt,
): Reason[] {
  const reason = receipt.degraded ?? degraded;
  const hasText = ['create', 'edit'].includes(outgoing.action.kind) && outgoing.file === undefined;
  const forms =
    !hasText || connector.keeps === undefined || reason?.code === 'plain_text'
      ? []
      : lostForms(outgoing.message.content.text, connector.keeps, parseMarkdown);
  const lost: Reason = { code: 'forms_lost', message: `On ${connector.title} ${forms.join(', ')}.` };
  return [...(reason === undefined ? [] : [reason]), ...(forms.length === 0 ? [] : [lost])];
}

function failed(plan: AttemptPlan, claimed: Claim, failure: SendFailure, random: number): Settlement {
  const { entry, recoveryClass } = plan;
  if (failure.kind === 'stopped') throw new Error('a stopped attempt is released, not settled');
  const { kind, code, status, retryAfterMs, excerpt } = failure;
  const verdict = judge(
    {
      kind,
      attempts: claimed.attempt,
      maxAttempts: claimed.maxAttempts,
      delayMs: nextDelayMs(entry.policy, claimed.attempt - entry.cycleStart, random, retryAfterMs),
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
    troubles: gateReports(plan, failure),
  };
}

/** The platform asks for fewer requests. That shuts its gate for a time, and says nothing about its health. */
const isRateLimit = ({ code }: SendFailure): boolean => code === 'throttled';

/** What a failure says of the destination or the connection as a whole: at most one report per gate. */
function gateReports(plan: AttemptPlan, failure: SendFailure): GateReport[] {
  const gate = affectedGate(plan, failure);
  if (failure.kind === 'permanent') return gate === undefined ? [] : [{ scope: gate, failed: false, pauses: true }];
  const shut: GateReport[] =
    failure.retryAfterMs !== undefined && gate !== undefined
      ? [{ scope: gate, failed: false, heldMs: failure.retryAfterMs }]
      : [];
  if (isRateLimit(failure) || failure.code === 'connector_defect') return shut;
  const [report] = shut;
  if (report?.scope === plan.breaker) return [{ ...report, failed: true }];
  return [...shut, { scope: plan.breaker, failed: true }];
}

function affectedGate({ entry }: AttemptPlan, { affects }: SendFailure): GateName | undefined {
  if (affects === 'message' || entry.target === undefined) return undefined;
  return affects === 'connection' ? connectionGate(entry.target.connection) : destinationGate(entry.destination);
}

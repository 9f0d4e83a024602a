import type { Receipt, SendContext } from '../connectors/contract/connector.ts';
import type { Reason, SendFailure } from '../domain/failure.ts';
import { newAttemptId } from '../store/db/new-id.ts';
import type { Claim, ClaimRequest } from '../store/ledger/claim.ts';
import type { DeliverDeps } from './deps.ts';
import type { AttemptPlan } from './attempt-plan.ts';
import type { GatheredFiles } from './gather-files.ts';
import { asPlain, canBePlain, connectorResult, prepare, type Prepared, type Result } from './prepare.ts';
import type { Sent } from './sent.ts';
import { giveBack, settleOrHandOver } from './settle.ts';
import { settlementOf } from './settlement.ts';
import { valueWithin } from './time.ts';

/**
 * Makes one attempt: prepare → claim → send → settle. Attempts that become ready at the same time are claimed in one
 * statement.
 * @param prepareMs how long preparing may take; absent: as long as it takes.
 * @returns undefined where it was not prepared in time, or where another process has claimed the delivery.
 */
export async function makeAttempt(
  deps: DeliverDeps,
  plan: AttemptPlan,
  files: GatheredFiles,
  prepareMs?: number,
): Promise<Sent | undefined> {
  const preparing = prepare(deps, plan, files);
  const prepared = await (prepareMs === undefined ? preparing : valueWithin(prepareMs, preparing));
  const claimed = prepared && (await deps.ledger.claim(claimRequest(deps, prepared)));
  return claimed && sendClaimed(deps, prepared, claimed);
}

/** What the claim of a prepared attempt asks for. */
function claimRequest({ worker }: Pick<DeliverDeps, 'worker'>, { plan, post }: Prepared): ClaimRequest {
  const { entry } = plan;
  return {
    token: newAttemptId(),
    delivery: entry.id,
    version: entry.version,
    timeoutMs: entry.timeoutMs,
    policyDeadlineMs: entry.policy.deadlineMs,
    worker,
    part: entry.part,
    ...(post.newParts === undefined ? {} : { parts: post.newParts }),
  };
}

/** From the claim to the settle: the one request that makes or changes a post, and its outcome (L1). */
async function sendClaimed(deps: DeliverDeps, prepared: Prepared, claimed: Claim): Promise<Sent> {
  const { plan, post } = prepared;
  const { entry } = plan;
  await deps.pace.keep(entry.tenant, entry.target?.rates ?? []);
  const result = await request(prepared, { ...plan.context, attempt: claimed.attempt });
  if ('failure' in result && result.failure.kind === 'stopped') {
    await giveBack(deps, entry.id, claimed.token);
    return { is: 'stopped' };
  }
  const settled = await settleOrHandOver(deps, settlementOf(plan, post, claimed, result, Math.random()));
  if ('unsettled' in settled) return { is: 'unsettled', settlement: settled.unsettled };
  const code = 'failure' in result ? result.failure.code : 'delivered';
  const { attempt: number, maxAttempts: max } = claimed;
  const attempt = { number, max, code, ...(post.part === undefined ? {} : { part: post.part }) };
  return { is: 'settled', written: settled.written, attempt };
}

/** Makes the request. A failure of preparing is returned like one of the request, so that it counts and backs off. */
async function request(prepared: Prepared, context: SendContext): Promise<Result<Receipt>> {
  const begin = performance.now();
  const result = await requestAsWritten(prepared, context);
  if ('value' in result || !result.failure.isOfFormat || !canBePlain(prepared.post.outgoing)) return result;
  const timeoutMs = Math.floor(context.timeoutMs - (performance.now() - begin));
  return requestPlain(prepared, { ...context, timeoutMs }, result.failure);
}

async function requestAsWritten({ plan, post, rendered }: Prepared, context: SendContext): Promise<Result<Receipt>> {
  if ('failure' in rendered) return rendered;
  const { request: written, degraded } = rendered.value;
  const result = await connectorResult('ambiguous', () => plan.connector.send(written, post.outgoing, context));
  return 'value' in result && degraded !== undefined ? { value: { ...result.value, degraded } } : result;
}

/**
 * Sends once more as plain text what the platform refused for its format. It runs under the same claim and within its
 * time: the refusal proves that the platform took nothing.
 */
async function requestPlain(
  { plan: { connector }, post: { outgoing } }: Pick<Prepared, 'plan' | 'post'>,
  context: SendContext,
  refusal: SendFailure,
): Promise<Result<Receipt>> {
  if (context.timeoutMs <= 0) return { failure: refusal };
  const prepared = await connectorResult('transient', async () => {
    const plain = asPlain(outgoing);
    return { plain, request: await connector.prepare(plain, context) };
  });
  if ('failure' in prepared) return { failure: refusal };
  const { plain, request: written } = prepared.value;
  const degraded: Reason =
    outgoing.file === undefined
      ? {
          code: 'plain_text',
          message: `${connector.title} refused the markup (${refusal.code}), so the message was sent as plain text.`,
        }
      : {
          code: 'file_linked',
          message: `${connector.title} refused the file (${refusal.code}), so it is linked.`,
        };
  return connectorResult('ambiguous', async () => ({
    ...(await connector.send(written, plain, context)),
    degraded,
  }));
}

import type { Receipt, SendContext } from '../connectors/contract/connector.ts';
import type { Reason, SendFailure } from '../domain/failure.ts';
import { newAttemptId } from '../store/db/new-id.ts';
import type { Claim, ClaimRequest } from '../store/ledger/claim.ts';
import type { DeliverDeps } from './deps.ts';
import { asPlain, canBePlain, resultOfCall, type Prepared, type Result } from './prepare.ts';
import type { Sent } from './sent.ts';
import { settle } from './settle.ts';
import { settlementOf } from './settlement.ts';

/** What the claim of a prepared attempt asks for. */
export function claimRequest({ worker }: Pick<DeliverDeps, 'worker'>, { plan, post }: Prepared): ClaimRequest {
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

/** One attempt from its claim to its settle: the one request that changes something at the platform, and its outcome. */
export async function sendClaimed(deps: DeliverDeps, prepared: Prepared, claimed: Claim): Promise<Sent> {
  const { plan, post } = prepared;
  const { entry } = plan;
  await deps.pace.keep(entry.tenant, entry.target?.rates ?? []);
  const result = await request(prepared, { ...plan.context, attempt: claimed.attempt });
  if ('failure' in result && result.failure.kind === 'stopped') {
    await deps.ledger.release(entry.id, claimed.token);
    return 'stopped';
  }
  const settled = await settle(deps, settlementOf(plan, post, claimed, result, Math.random()));
  if ('unsettled' in settled) return settled;
  const code = 'failure' in result ? result.failure.code : 'delivered';
  const { attempt: number, maxAttempts: max } = claimed;
  return { ...settled, attempt: { number, max, code, ...(post.part === undefined ? {} : { part: post.part }) } };
}

/** A failure of preparing is settled like one of the request, so that it counts as an attempt and backs off. */
async function request(prepared: Prepared, context: SendContext): Promise<Result<Receipt>> {
  const begin = performance.now();
  const result = await requestAsWritten(prepared, context);
  if ('value' in result || !result.failure.isOfFormat || !canBePlain(prepared.post.outgoing)) return result;
  const timeoutMs = Math.floor(context.timeoutMs - (performance.now() - begin));
  return requestPlain(prepared, { ...context, timeoutMs }, result.failure);
}

async function requestAsWritten({ plan, post, call }: Prepared, context: SendContext): Promise<Result<Receipt>> {
  if ('failure' in call) return call;
  const { call: written, degraded } = call.value;
  const result = await resultOfCall('ambiguous', () => plan.connector.send(written, post.outgoing, context));
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
  const plain = asPlain(outgoing);
  const prepared = await resultOfCall('transient', () => connector.prepare(plain, context));
  if ('failure' in prepared) return { failure: refusal };
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
  return resultOfCall('ambiguous', async () => ({
    ...(await connector.send(prepared.value, plain, context)),
    degraded,
  }));
}

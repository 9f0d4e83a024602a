import type { AttemptPlan } from '../../src/deliver/attempt-plan.ts';
import type { PlannedPost } from '../../src/deliver/post-plan.ts';
import { settlementOf } from '../../src/deliver/settlement.ts';
import { SendFailure, type SendFailureDetails } from '../../src/domain/failure.ts';
import { connectionGate, destinationGate } from '../../src/domain/gate.ts';
import { retryPolicies } from '../../src/domain/retry.ts';

/** @returns what a failed attempt reports about its destination and its connection. */
function troublesOf(failure: Partial<SendFailureDetails>, breaker = destinationGate('orders')) {
  const plan = {
    entry: {
      id: 'dlv_1',
      destination: 'orders',
      policy: retryPolicies.quick,
      cycleStart: 0,
      view: { inDoubtMs: null },
      target: { connection: 'hooks', ambiguous: 'at-least-once' },
    },
    recoveryClass: { kind: 'C' },
    breaker,
  } as unknown as AttemptPlan;
  const claimed = { delivery: 'dlv_1', token: 'att_1', attempt: 1, maxAttempts: 5, deadlineMs: null };
  const details = { kind: 'transient', code: 'http_500', message: 'no', ...failure } as const;
  const settlement = settlementOf(plan, {} as PlannedPost, claimed, { failure: new SendFailure(details) }, 0);
  return settlement.kind === 'failed' ? settlement.troubles : undefined;
}

const orders = destinationGate('orders');
const hooks = connectionGate('hooks');

describe('a failed attempt', () => {
  it('a failed attempt counts at the breaker when there was no answer or a server error', () => {
    expect(troublesOf({})).toEqual([{ scope: orders, failed: true }]);
    expect(troublesOf({ kind: 'ambiguous', code: 'timeout' })).toEqual([{ scope: orders, failed: true }]);
  });

  it('a rate limit of the platform does not count at the breaker, and its Retry-After shuts the gate', () => {
    expect(troublesOf({ code: 'throttled', status: 429 })).toEqual([]);
    expect(troublesOf({ code: 'throttled', retryAfterMs: 5_000 })).toEqual([
      { scope: orders, failed: false, heldMs: 5_000 },
    ]);
    expect(troublesOf({ code: 'throttled', status: 429, retryAfterMs: 5_000, affects: 'connection' })).toEqual([
      { scope: hooks, failed: false, heldMs: 5_000 },
    ]);
  });

  it('a permanent refusal of one message does not count at the breaker', () => {
    expect(troublesOf({ kind: 'permanent', code: 'http_400', status: 400 })).toEqual([]);
  });

  it('a failure that affects a whole destination or connection pauses it', () => {
    expect(troublesOf({ kind: 'permanent', code: 'is_archived', affects: 'destination' })).toEqual([
      { scope: orders, failed: false, pauses: true },
    ]);
    expect(troublesOf({ kind: 'permanent', code: 'token_revoked', affects: 'connection' })).toEqual([
      { scope: hooks, failed: false, pauses: true },
    ]);
  });

  it('a server error with a Retry-After counts at the breaker and shuts the gate that it concerns', () => {
    expect(troublesOf({ status: 503, retryAfterMs: 1_000 })).toEqual([{ scope: orders, failed: true, heldMs: 1_000 }]);
    expect(troublesOf({ status: 503, retryAfterMs: 1_000 }, hooks as never)).toEqual([
      { scope: orders, failed: false, heldMs: 1_000 },
      { scope: hooks, failed: true },
    ]);
  });

  it('a defect of the connector does not count at any breaker', () => {
    expect(troublesOf({ code: 'connector_defect' })).toEqual([]);
  });
});

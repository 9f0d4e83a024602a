import type { ReasonCode } from '../../src/domain/reasons.ts';
import type { Sql } from '../../src/store/db/db.ts';
import { claim } from '../../src/store/ledger/claim.ts';
import { newAttemptId } from '../../src/store/db/new-id.ts';
import { settle } from '../../src/store/ledger/settle.ts';

/** Claims a delivery for an attempt, as a worker does. Resolves to the claim's token. */
export async function claimOnce(sql: Sql, delivery: string): Promise<string> {
  const token = newAttemptId();
  // Make a retry due now, because the test cannot wait for it.
  await sql`update deliveries set next_attempt_at = null where id = ${delivery}`;
  const request = { token, delivery, version: 1, timeoutMs: 10_000, policyDeadlineMs: 60_000, worker: 'test-worker' };
  if ((await claim(sql, [request])).length === 0) throw new Error(`${delivery} could not be claimed`);
  return token;
}

export async function deliverOnce(sql: Sql, delivery: string, nativeId = '1700000000.000100'): Promise<void> {
  const token = await claimOnce(sql, delivery);
  const receipt = { nativeId, url: 'https://example.com/p1', version: 1, attempt: token };
  await settle(sql, { kind: 'delivered', delivery, token, receipt, status: 200 });
}

/** Makes one attempt that fails and leaves the delivery in the given state. */
export async function failOnce(
  sql: Sql,
  delivery: string,
  state: 'retrying' | 'parked' | 'uncertain',
  code: ReasonCode = 'http_500',
): Promise<void> {
  const token = await claimOnce(sql, delivery);
  const reason = { code, message: 'The platform answered 500.', status: 500 };
  const common = { kind: 'failed', delivery, token, reason, excerpt: '<html>', retryAfterMs: 1_000 } as const;
  if (state === 'retrying')
    await settle(sql, { ...common, outcome: 'transient', verdict: { state, delayMs: 60_000, inDoubt: false } });
  else if (state === 'parked')
    await settle(sql, { ...common, outcome: 'permanent', verdict: { state, why: 'permanent', inDoubt: false } });
  else await settle(sql, { ...common, outcome: 'ambiguous', verdict: { state, inDoubt: true } });
}

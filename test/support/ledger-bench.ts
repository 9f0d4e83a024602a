import { retryPolicies } from '../../src/domain/retry.ts';
import { accept } from '../../src/store/accept/accept.ts';
import { toAcceptance, type Acceptance } from '../../src/store/accept/acceptance.ts';
import { claim, type Claim } from '../../src/store/ledger/claim.ts';
import { writeConnection } from '../../src/store/config/connections.ts';
import { connect, type Sql } from '../../src/store/db/db.ts';
import { loadPlan, writeDestination } from '../../src/store/config/destinations.ts';
import { newKeyRingEntry, parseKeyRing, type KeyRing } from '../../src/store/db/key-ring.ts';
import { newAttemptId, newMessageId } from '../../src/store/db/new-id.ts';
import { settle } from '../../src/store/ledger/settle.ts';
import type { Settled } from '../../src/store/ledger/settle-result.ts';
import { createDatabase } from './postgres.ts';

/** A database with one connection and two destinations, and short forms of the ledger's moves. */
export interface LedgerBench {
  readonly url: string;
  readonly sql: Sql;
  readonly ring: KeyRing;
  /** Accepts a message to `orders`, or to the destinations in `to`, and returns its id and those of its deliveries. */
  post(
    options?: Partial<Acceptance> & { to?: readonly string[]; holdForMs?: number },
  ): Promise<{ id: string; deliveries: string[] }>;
  claim(
    delivery: string,
    options?: { timeoutMs?: number; policyDeadlineMs?: number | null },
  ): Promise<Claim | undefined>;
  deliver(delivery: string, token: string, nativeId?: string): Promise<Settled>;
  fail(
    delivery: string,
    token: string,
    options?: { delayMs?: number; ambiguous?: boolean; park?: boolean },
  ): Promise<Settled>;
  delivery(id: string): Promise<Record<string, unknown>>;
  message(id: string): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** A request to claim a delivery's first version, with a new token. */
export const claimRequestOf = (delivery: string) => ({
  token: newAttemptId(),
  delivery,
  version: 1,
  timeoutMs: 1_000,
  policyDeadlineMs: null,
  worker: 'test',
});

export async function createLedgerBench(): Promise<LedgerBench> {
  const database = await createDatabase();
  const sql = connect(database.url, { name: 'test', max: 20, statementTimeoutMs: 10_000 });
  const ring = parseKeyRing(newKeyRingEntry('k1'));
  const tenant = 'default';
  await writeConnection(
    sql,
    ring,
    { tenant, id: 'hooks', connector: 'webhook', settings: {}, secrets: { secrets: ['s'] } },
    true,
  );
  for (const id of ['orders', 'audit'])
    await writeDestination(
      sql,
      {
        tenant,
        id,
        connection: 'hooks',
        address: { url: `http://127.0.0.1:1/${id}` },
        retry: null,
        order: 'conversation',
        ambiguous: 'at-least-once',
        timeoutMs: 1_000,
        onParked: 'pass',
        holdForMs: 0,
        rate: null,
      },
      true,
    );
  const { version } = await loadPlan(sql, tenant);
  let posted = 0;
  return {
    url: database.url,
    sql,
    ring,
    async post({ to = ['orders'], holdForMs, ...options } = {}) {
      posted += 1;
      const asked = {
        id: newMessageId(),
        tenant,
        dedupeScope: 'api',
        dedupeKey: `key-${posted}`,
        canonicalBody: '{}',
      };
      const result = await accept(sql, ring, {
        ...toAcceptance(
          asked,
          { type: 'test.happened', correlationId: 'c' },
          { content: { text: 'hello' }, sender: null },
        ),
        configVersion: version,
        deliveries: to.map((destination) => ({
          destination,
          via: 'request',
          policy: retryPolicies.quick,
          timeoutMs: 1_000,
          inLane: options.conversation != null,
          holdForMs: holdForMs ?? null,
        })),
        ...options,
      });
      if (!('deliveries' in result)) throw new Error(`not accepted: ${result.outcome}`);
      return { id: result.id, deliveries: result.deliveries.map(({ id }) => id) };
    },
    async claim(delivery, { timeoutMs = 1_000, policyDeadlineMs = null } = {}) {
      const token = newAttemptId();
      return (await claim(sql, [{ token, delivery, version: 1, timeoutMs, policyDeadlineMs, worker: 'test' }]))[0];
    },
    deliver: (delivery, token, nativeId = 'native') =>
      settle(sql, { kind: 'delivered', delivery, token, receipt: { nativeId, version: 1, attempt: token } }),
    fail: (delivery, token, { delayMs = 1, ambiguous = false, park = false } = {}) =>
      settle(sql, {
        kind: 'failed',
        delivery,
        token,
        outcome: ambiguous ? 'ambiguous' : 'transient',
        verdict: park
          ? { state: 'parked', why: 'permanent', inDoubt: ambiguous }
          : { state: 'retrying', delayMs, inDoubt: ambiguous },
        reason: { code: 'http_500', message: 'no', status: 500 },
      }),
    delivery: async (id) => one(await sql`select * from deliveries where id = ${id}`),
    message: async (id) => one(await sql`select * from messages where id = ${id}`),
    async close() {
      await sql.end();
      await database.drop();
    },
  };
}

function one(rows: readonly Record<string, unknown>[]): Record<string, unknown> {
  const [row] = rows;
  if (row === undefined) throw new Error('no such row');
  return row;
}

import type { Reason } from '../../src/domain/failure.ts';
import { destinationGate, type GateName } from '../../src/domain/gate.ts';
import { findBusyGates, type BusyGate } from '../../src/store/waiting/let-through.ts';
import { findGateHealth, type GateHealth } from '../../src/store/waiting/pause.ts';
import type { GateReport } from '../../src/store/waiting/breaker.ts';
import { settle } from '../../src/store/ledger/settle.ts';
import type { Settled } from '../../src/store/ledger/settle-result.ts';
import { createLedgerBench, type LedgerBench } from './ledger-bench.ts';

type PostOptions = Parameters<LedgerBench['post']>[0];

/** A ledger bench with moves for the gate of a destination. Each test uses destinations of its own. */
export interface GateBench extends LedgerBench {
  /** Accepts `count` messages to one destination, and returns their deliveries. */
  queue(destination: string, count: number, options?: PostOptions): Promise<string[]>;
  /** Claims a delivery and returns the token. */
  token(delivery: string, policyDeadlineMs?: number | null): Promise<string>;
  /**
   * Settles a failed attempt with a report about its destination. By default the report says that it does not answer.
   */
  failAt(destination: string, delivery: string, token: string, trouble?: Partial<GateReport>): Promise<Settled>;
  /** Settles a success, which closes the breaker of its destination. */
  succeedAt(destination: string, delivery: string, token: string): Promise<Settled>;
  /**
   * Opens the breaker of a destination with the five failures that it takes, and returns the deliveries that failed.
   */
  breakOpen(destination: string): Promise<string[]>;
  /** Makes the next probe of a destination due now. */
  makeProbeDue(destination: string): Promise<void>;
  /** Gives a destination a rate, as its configuration would. */
  limit(destination: string, rate: { limit: number; perMs: number; burst: number }): Promise<void>;
  health(destination: string): Promise<GateHealth | undefined>;
  /** Returns the gate as the drain sees it within the hour. Throws when it is paused or no delivery waits for it. */
  busy(destination: string): Promise<BusyGate>;
  gate(destination: string): Promise<Record<string, unknown>>;
  /** Returns the types of the events about a destination itself, in order. */
  eventsOf(destination: string): Promise<string[]>;
}

export const noAnswer: Reason = { code: 'http_500', message: 'no', status: 500 };

export async function createGateBench(): Promise<GateBench> {
  const bench = await createLedgerBench();
  const { sql } = bench;
  const tenant = 'default';
  const scopeOf = (destination: string): GateName => destinationGate(destination);
  const gates: GateBench = {
    ...bench,
    async queue(destination, count, options = {}) {
      const deliveries: string[] = [];
      for (let n = 0; n < count; n += 1)
        deliveries.push((await bench.post({ to: [destination], ...options })).deliveries[0] ?? '');
      return deliveries;
    },
    async token(delivery, policyDeadlineMs = null) {
      const claim = await bench.claim(delivery, { policyDeadlineMs });
      if (claim === undefined) throw new Error(`${delivery} was not claimed`);
      return claim.token;
    },
    failAt: (destination, delivery, token, trouble = {}) =>
      settle(sql, {
        kind: 'failed',
        delivery,
        token,
        outcome: 'transient',
        verdict: { state: 'retrying', delayMs: 1, inDoubt: false },
        reason: noAnswer,
        troubles: [{ scope: scopeOf(destination), failed: true, ...trouble }],
      }),
    succeedAt: (destination, delivery, token) =>
      settle(sql, {
        kind: 'delivered',
        delivery,
        token,
        receipt: { nativeId: 'native', version: 1, attempt: token },
        healthy: scopeOf(destination),
      }),
    async breakOpen(destination) {
      const deliveries = await gates.queue(destination, 5);
      for (const delivery of deliveries) await gates.failAt(destination, delivery, await gates.token(delivery));
      return deliveries;
    },
    makeProbeDue: async (destination) =>
      void (await sql`update gates set probe_at = clock_timestamp() where scope = ${scopeOf(destination)}`),
    limit: async (destination, rate) =>
      void (await sql`
        insert into destinations (tenant, id, connection, address, order_by, ambiguous, timeout_ms, rate)
        values (${tenant}, ${destination}, 'hooks', '{}', 'none', 'at-least-once', 1000, ${sql.json(rate)})`),
    health: async (destination) => (await findGateHealth(sql, tenant, [scopeOf(destination)]))[0],
    async busy(destination) {
      const gate = (await findBusyGates(sql, 3_600_000)).find(({ scope }) => scope === scopeOf(destination));
      if (gate === undefined) throw new Error(`nobody waits for ${destination}, or it is paused`);
      return gate;
    },
    async gate(destination) {
      const [row] = await sql`select * from gates where scope = ${scopeOf(destination)}`;
      if (row === undefined) throw new Error(`${destination} has no gate`);
      return row;
    },
    async eventsOf(destination) {
      const rows = await sql<{ type: string }[]>`
        select type from events where type like 'carillon.destination.%' and destination = ${destination} order by xid, id`;
      return rows.map(({ type }) => type);
    },
  };
  return gates;
}

import type { RetentionKind } from '../../src/domain/retention.ts';
import type { Batch, BatchRequest } from '../../src/store/housekeeping/batch.ts';
import { removers } from '../../src/store/housekeeping/housekeeping.ts';
import { eventually } from '../support/eventually.ts';
import type { LedgerBench } from '../support/ledger-bench.ts';

export const tenant = 'default';
const day = 86_400_000;

/** Steps of the tests of housekeeping: messages in a certain state, made older than they are. */
export interface OldMessages {
  /** Runs one batch, by default with a window of ten days (0 for dedupe keys) and the tenant `default`. */
  run(kind: RetentionKind, options?: Partial<BatchRequest>): Promise<Batch>;
  postDelivered(options?: Parameters<LedgerBench['post']>[0]): Promise<{ id: string; delivery: string }>;
  postParked(): Promise<{ id: string; delivery: string }>;
  /** Makes a message, with its contents, attempts, events and dedupe key, `days` older. */
  age(message: string, days: number): Promise<void>;
  /** Counts the rows of a message in each table; erased contents do not count. */
  rowsOf(message: string): Promise<Record<string, number>>;
  /**
   * Waits until no transaction is open that is older than the events, also in other databases: they can be removed
   * then.
   */
  untilReadable(): Promise<unknown>;
}

export function oldMessages(bench: LedgerBench): OldMessages {
  const { sql } = bench;
  const claimed = async (delivery: string): Promise<string> => (await bench.claim(delivery))?.token ?? '';
  return {
    run(kind, options = {}) {
      const windows = [{ tenant, retention: {}, keepMs: kind === 'dedupe' ? 0 : 10 * day }];
      return removers[kind](sql, { pass: 'pass', windows, after: '', limit: 500, ...options });
    },
    async postDelivered(options = {}) {
      const { id, deliveries } = await bench.post(options);
      for (const delivery of deliveries) await bench.deliver(delivery, await claimed(delivery));
      return { id, delivery: deliveries[0] ?? '' };
    },
    async postParked() {
      const { id, deliveries } = await bench.post();
      const [delivery = ''] = deliveries;
      await bench.fail(delivery, await claimed(delivery), { park: true });
      return { id, delivery };
    },
    async age(message, days) {
      const by = sql`make_interval(secs => ${days * 86_400})`;
      await sql`update messages set received_at = received_at - ${by} where id = ${message}`;
      await sql`update contents set created_at = created_at - ${by} where message = ${message}`;
      await sql`update attempts set started_at = started_at - ${by}
        where delivery in (select id from deliveries where message = ${message})`;
      await sql`update events set at = at - ${by} where message = ${message}`;
      await sql`update dedupe set expires_at = expires_at - ${by} where message = ${message}`;
    },
    async rowsOf(message) {
      const [row] = await sql<Record<string, number>[]>`
        select (select count(*)::integer from messages where id = ${message}) as messages,
          (select count(*)::integer from deliveries where message = ${message}) as deliveries,
          (select count(*)::integer from attempts a join deliveries d on d.id = a.delivery
            where d.message = ${message}) as attempts,
          (select count(*)::integer from contents where message = ${message} and sealed is not null) as contents,
          (select count(*)::integer from dedupe where message = ${message}) as dedupe,
          (select count(*)::integer from events where message = ${message}) as events`;
      return row ?? {};
    },
    untilReadable: () =>
      eventually('events can be read', async () => {
        const [row] = await sql<{ ready: boolean }[]>`
          select coalesce(max(xid) < pg_snapshot_xmin(pg_current_snapshot()), true) as ready from events`;
        return row?.ready;
      }),
  };
}

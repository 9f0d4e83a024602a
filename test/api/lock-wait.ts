import type { Sql } from '../../src/store/db/db.ts';
import { eventually } from '../support/eventually.ts';

/** Waits until a statement waits for a lock that the test holds. */
export async function untilSomebodyWaits({ sql }: { readonly sql: Sql }): Promise<void> {
  await eventually('a statement waits for a lock', async () => {
    const waiting = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return waiting.length > 0;
  });
}

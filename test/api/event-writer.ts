import type { Db } from '../../src/store/db/db.ts';

/** Writes the events with the numbers `first` to `first + count - 1` in `data.n`, in one statement. */
export async function writeEvents(sql: Db, first: number, count: number, type = 'carillon.test.made'): Promise<void> {
  await sql`
    insert into events (tenant, type, data)
    select 'default', ${type}, jsonb_build_object('n', n) from generate_series(${first}::integer, ${first + count - 1}::integer) n`;
}

export const numbersOf = (events: readonly { data: { n: number } }[]): number[] => events.map(({ data }) => data.n);

/** The numbers from `first` to `first + count - 1`. */
export const numbers = (first: number, count: number): number[] => Array.from({ length: count }, (_, n) => first + n);

import { buildTemporalOnPostgres, type TemporalStore } from '../test/support/temporal-on-postgres.ts';

/**
 * Which Temporal to measure on: production's, on PostgreSQL, unless another is wanted. Builds it first where it has to
 * be, so that no measured time and no limit begins before.
 * @throws Error when PostgreSQL was asked for by name and the server cannot be built.
 */
export async function chooseTemporal(
  wanted: TemporalStore | undefined,
  say: (line: string) => void,
): Promise<TemporalStore> {
  if (wanted === 'sqlite') return wanted;
  try {
    await buildTemporalOnPostgres();
    return 'postgres';
  } catch (error) {
    if (wanted === 'postgres') throw error;
    say(`Temporal's server for PostgreSQL cannot be built (${(error as Error).message}): measuring on the dev server`);
    return 'sqlite';
  }
}

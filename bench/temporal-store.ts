import { buildTemporalOnPostgres, type TemporalStore } from '../test/support/temporal-on-postgres.ts';

/**
 * Chooses the Temporal on which to measure: that of production, on PostgreSQL, unless another is wanted. Builds it
 * first if necessary, so that the build is neither measured nor limited in time.
 * @throws Error when PostgreSQL was chosen by name and its server cannot be built.
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

import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { loadKeyRing } from '../keys.ts';
import { createLogger } from '../observability/logger.ts';
import { registerSearchAttributes } from '../temporal/search-attributes.ts';
import { connect } from '../store/db/db.ts';
import { checkKeyRing } from '../store/db/key-ring.ts';
import { migrate } from '../store/db/migrate.ts';

const folder = fileURLToPath(new URL('../../../migrations', import.meta.url));

/**
 * Brings PostgreSQL and Temporal to this version: schema, check of the key ring, search attributes. Safe to repeat.
 * @returns the exit code.
 * @throws MigrationError or KeyRingError when the schema or the keys do not fit.
 */
export async function migrateAll(config: Config): Promise<number> {
  const log = createLogger({ role: 'migrate', level: config.logLevel });
  const applied = await migrate(config.databaseUrl, folder);
  log.info({ applied }, applied.length === 0 ? 'schema: up to date' : 'schema: migrations were applied');
  const sql = connect(config.databaseUrl, { name: 'carillon-migrate', max: 1, statementTimeoutMs: 10_000 });
  await checkKeyRing(sql, loadKeyRing(config));
  await sql.end({ timeout: 5 });
  log.info('key ring: opens what is stored');
  await registerSearchAttributes(config.temporalAddress, config.temporalNamespace);
  log.info('search attributes: registered');
  return 0;
}

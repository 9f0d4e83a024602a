import { ConfigError, readConfig, type Config } from './config.ts';
import { createLogger } from './observability/logger.ts';

/** The functions of the program's roles, by the first command line argument. */
const roles: Record<string, (config: Config) => Promise<number>> = {
  up: async (config) => (await import('./up/up.ts')).up(config),
  api: async (config) => (await import('./roles/api.ts')).api(config),
  worker: async (config) => (await import('./roles/worker.ts')).worker(config),
  migrate: async (config) => (await import('./roles/migrate.ts')).migrateAll(config),
  simulate: async (config) => (await import('./roles/simulate.ts')).simulate(config),
};

const role = process.argv[2] ?? '';
const run = roles[role];
if (run === undefined) {
  console.error(`carillon: "${role}" is no role; one of ${Object.keys(roles).join(', ')} is wanted`);
  process.exit(2);
}
/** Logs a defect and ends the process. Node would print every field of the error; PostgreSQL's `detail` quotes rows. */
function die(error: unknown): never {
  createLogger({ role, level: 'fatal' }).fatal({ err: error }, 'a defect ended this process');
  process.exit(1);
}
process.on('uncaughtException', die);
try {
  process.exit(await run(readConfig()));
} catch (error) {
  // A user can correct these errors, so one line says what is wrong. Any other error is a defect, which die() logs.
  const isPlain =
    error instanceof ConfigError || (error instanceof Error && /^(KeyRing|Migration)Error$/.test(error.name));
  if (!isPlain) die(error);
  console.error(`carillon ${role}: ${error.message}`);
  process.exit(1);
}

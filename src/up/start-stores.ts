import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { databaseReady } from './postgres/database.ts';
import { inheritedEnvironment } from './environment.ts';
import { untilUnused } from './process/open-files.ts';
import { preparePostgres } from './postgres/postgres.ts';
import { databaseUrl, type Ports } from './program.ts';
import type { Screen } from './screen.ts';
import type { Supervisor } from './process/supervisor.ts';
import { temporalBinary, type TemporalSource } from './temporal/temporal-binary.ts';
import { temporalArguments, temporalEnvironment } from './temporal/temporal-server.ts';
import { waitReady } from './wait-ready.ts';

/** What each step of a start needs. */
export interface StartContext {
  readonly config: Config;
  readonly ports: Ports;
  readonly supervisor: Supervisor;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/** A store that recovers from a crash may need this long to answer. */
const readyLimitMs = 120_000;

/**
 * Starts PostgreSQL with its role and database, unless DATABASE_URL names a server. Resolves when it answers.
 * @throws NotReadyError when it does not answer within 120 s.
 */
export async function startPostgres({ config, ports, supervisor, screen, signal }: StartContext): Promise<void> {
  if (ports.postgres === undefined) return;
  const { home } = config;
  const { spec, superuserPassword } = await preparePostgres(home, ports.postgres, screen.say);
  signal.throwIfAborted();
  supervisor.start(spec);
  await waitReady(() => databaseReady(databaseUrl(config, ports), superuserPassword), {
    home,
    supervisor,
    signal,
    limitMs: readyLimitMs,
    role: 'postgres',
  });
}

/**
 * Starts Temporal's dev server on its SQLite file, unless TEMPORAL_ADDRESS names a server. Resolves when it answers.
 * @throws NotReadyError when it does not answer within 120 s.
 */
export async function startTemporal(
  { config, ports, supervisor, screen, signal }: StartContext,
  sources: readonly TemporalSource[],
): Promise<void> {
  const { temporal: port, temporalUi: uiPort } = ports;
  if (port === undefined || uiPort === undefined) return;
  const { home, temporalNamespace: namespace } = config;
  const folder = join(home, 'temporal');
  const file = join(folder, 'temporal.db');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const binary = await temporalBinary(sources, signal);
  await untilUnused(file, "Temporal's store", screen.say);
  signal.throwIfAborted();
  supervisor.start({
    role: 'temporal',
    command: [binary, ...temporalArguments({ port, uiPort, namespace, file })],
    env: { ...inheritedEnvironment(), ...temporalEnvironment },
    port,
  });
  const { temporalReady } = await import('./temporal/temporal-ready.ts');
  await waitReady(() => temporalReady(port, namespace), {
    home,
    supervisor,
    signal,
    limitMs: readyLimitMs,
    role: 'temporal',
  });
}

import { join } from 'node:path';
import { type ProgramRole, programCommand } from './program.ts';
import type { ChildSpec } from './process/child.ts';
import { secretFile } from './secret-file.ts';
import { startProgram } from './start-program.ts';
import { type StartContext, startPostgres, startTemporal } from './start-stores.ts';
import type { TemporalSource } from './temporal/temporal-binary.ts';
import { temporalSources } from './temporal/temporal-sources.ts';
import { together } from './together.ts';

/** Replacements that a test makes for parts of the start. */
export interface StartParts {
  readonly command?: (role: ProgramRole) => ChildSpec['command'];
  readonly sources?: readonly TemporalSource[];
}

/**
 * Starts all of it in order. The caller holds the home's lock and has stopped all orphans. Resolves when all is ready.
 */
export async function start(context: StartContext, parts: StartParts): Promise<void> {
  const { config, ports, screen, signal } = context;
  const { command = programCommand, sources = temporalSources(screen) } = parts;
  if (config.adminKey === undefined) secretFile(join(config.home, 'admin.key'));
  const stores = [
    ...(ports.postgres === undefined ? [] : [`PostgreSQL (port ${ports.postgres})`]),
    ...(ports.temporal === undefined ? [] : [`Temporal (port ${ports.temporal})`]),
  ];
  if (stores.length > 0) screen.say(`starting ${stores.join(' and ')}`);
  await together(signal, [
    (shared) => startPostgres({ ...context, signal: shared }),
    (shared) => startTemporal({ ...context, signal: shared }, sources),
  ]);
  screen.say('starting Carillon');
  await startProgram(context, command);
}

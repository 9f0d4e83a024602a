import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createScreen } from '../../src/up/screen.ts';
import { temporalBinary } from '../../src/up/temporal-binary.ts';
import { temporalReady } from '../../src/up/temporal-ready.ts';
import { temporalArguments, temporalEnvironment } from '../../src/up/temporal-server.ts';
import { temporalSources } from '../../src/up/temporal-sources.ts';
import { freePort } from '../support/free-port.ts';
import {
  prepareTemporalOnPostgres,
  type PostgresForTemporal,
  type TemporalOnPostgres,
} from '../support/temporal-on-postgres.ts';

/** `postgres` is the server of production; `sqlite` the dev server, as `npm start` has it. */
export type TemporalKind = 'postgres' | 'sqlite';

/** Either server, ready to be started and started again on the same data. */
export async function prepareTemporal(
  kind: TemporalKind,
  home: string,
  postgres: PostgresForTemporal,
): Promise<TemporalOnPostgres> {
  if (kind === 'postgres') return prepareTemporalOnPostgres(home, postgres);
  const folder = join(home, 'temporal');
  mkdirSync(folder, { recursive: true });
  const binary = await temporalBinary(temporalSources(createScreen()), new AbortController().signal);
  const [port, uiPort] = [await freePort(), await freePort()];
  const namespace = 'default';
  const file = join(folder, 'temporal.db');
  return {
    spec: {
      role: 'temporal',
      command: [binary, ...temporalArguments({ port, uiPort, namespace, file })],
      env: { ...process.env, ...temporalEnvironment },
      port,
    },
    address: `127.0.0.1:${port}`,
    ready: () => temporalReady(port, namespace),
  };
}

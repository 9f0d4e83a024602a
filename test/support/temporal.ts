import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildSpec } from '../../src/up/process/child.ts';
import { createScreen } from '../../src/up/screen.ts';
import type { Supervisor } from '../../src/up/process/supervisor.ts';
import { temporalBinary } from '../../src/up/temporal/temporal-binary.ts';
import { temporalReady } from '../../src/up/temporal/temporal-ready.ts';
import { temporalArguments, temporalEnvironment } from '../../src/up/temporal/temporal-server.ts';
import { temporalSources } from '../../src/up/temporal/temporal-sources.ts';
import { waitReady } from '../../src/up/wait-ready.ts';
import { freePort } from './free-port.ts';

const variable = 'CARILLON_TEST_TEMPORAL_ADDRESS';

const namespace = 'default';
const readyLimitMs = 120_000;

/** A server that can be started, and started again on the same data. */
export interface PreparedTemporal {
  readonly spec: ChildSpec;
  /** In the form `host:port`. */
  readonly address: string;
  /** Returns true, or what is missing while the server starts. */
  ready(): Promise<true | string>;
}

/** Prepares the dev server on the SQLite file of a home, as `npm start` runs it. */
export async function prepareTemporal(home: string): Promise<PreparedTemporal> {
  const folder = join(home, 'temporal');
  mkdirSync(folder, { recursive: true });
  // The first run on a machine may have to build the server, which takes minutes. Each source has its own limit.
  const binary = await temporalBinary(temporalSources(createScreen()), new AbortController().signal);
  const [port, uiPort] = [await freePort(), await freePort()];
  return {
    spec: {
      role: 'temporal',
      command: [binary, ...temporalArguments({ port, uiPort, namespace, file: join(folder, 'temporal.db') })],
      env: { ...process.env, ...temporalEnvironment },
      port,
    },
    address: `127.0.0.1:${port}`,
    ready: () => temporalReady(port, namespace),
  };
}

/** Starts the dev server until the supervisor stops, and resolves to its address. */
export async function startTemporal(home: string, supervisor: Supervisor): Promise<string> {
  return startPrepared(home, supervisor, await prepareTemporal(home));
}

/**
 * Starts a server and waits until it answers.
 * @returns its address.
 */
export async function startPrepared(
  home: string,
  supervisor: Supervisor,
  { spec, address, ready }: PreparedTemporal,
): Promise<string> {
  supervisor.start(spec);
  const signal = AbortSignal.timeout(readyLimitMs);
  await waitReady(ready, { home, supervisor, signal, limitMs: readyLimitMs, role: 'temporal' });
  return address;
}

/** Tells the test files of this run where the server is. */
export function publishTemporal(address: string): void {
  process.env[variable] = address;
}

/**
 * Returns the address of the server that all test files of this run share. Task queues and workflow ids keep them
 * apart.
 */
export function temporalAddress(): string {
  const address = process.env[variable];
  if (address === undefined) throw new Error(`${variable} is not set: it comes from test/support/global-setup.ts`);
  return address;
}

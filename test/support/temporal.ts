import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createScreen } from '../../src/up/screen.ts';
import type { Supervisor } from '../../src/up/supervisor.ts';
import { temporalBinary } from '../../src/up/temporal-binary.ts';
import { temporalReady } from '../../src/up/temporal-ready.ts';
import { temporalArguments, temporalEnvironment } from '../../src/up/temporal-server.ts';
import { temporalSources } from '../../src/up/temporal-sources.ts';
import { waitReady } from '../../src/up/wait-ready.ts';
import { freePort } from './free-port.ts';

const variable = 'CARILLON_TEST_TEMPORAL_ADDRESS';

const namespace = 'default';
const readyLimitMs = 60_000;

/** Starts a real server on a home's file, as `npm start` does. Resolves to its address. */
export async function startTemporal(home: string, supervisor: Supervisor): Promise<string> {
  const folder = join(home, 'temporal');
  mkdirSync(folder, { recursive: true });
  // The first run on a machine may have to build it, which takes minutes; each source has its own limit.
  const binary = await temporalBinary(temporalSources(createScreen()), new AbortController().signal);
  const [port, uiPort] = [await freePort(), await freePort()];
  supervisor.start({
    role: 'temporal',
    command: [binary, ...temporalArguments({ port, uiPort, namespace, file: join(folder, 'temporal.db') })],
    env: { ...process.env, ...temporalEnvironment },
    port,
  });
  await waitReady(() => temporalReady(port, namespace), {
    home,
    supervisor,
    signal: AbortSignal.timeout(readyLimitMs),
    limitMs: readyLimitMs,
    role: 'temporal',
  });
  return `127.0.0.1:${port}`;
}

/** Lets the test files of this run find the server. */
export function publishTemporal(address: string): void {
  process.env[variable] = address;
}

/** Address of the server that all test files of this run share: keep them apart by task queue and workflow id. */
export function temporalAddress(): string {
  const address = process.env[variable];
  if (address === undefined) throw new Error(`${variable} is not set: it comes from test/support/global-setup.ts`);
  return address;
}

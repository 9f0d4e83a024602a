import { apiUrl } from './announce.ts';
import { apiReady } from './api-ready.ts';
import type { ChildSpec } from './process/child.ts';
import { isPortOpen } from './ports.ts';
import { programEnvironment, type ProgramRole } from './program.ts';
import type { StartContext } from './start-stores.ts';
import { NotReadyError, waitReady } from './wait-ready.ts';

/** The API is ready only when the worker is, and the worker has to load the workflow bundle first. */
const readyLimitMs = 120_000;

/**
 * Starts Carillon's own roles on running stores: the simulators, the migration until it ends, then the API and the
 * worker. Resolves when `/readyz` reports every part as ok.
 * @throws NotReadyError when the migration fails, or a role is not ready within 120 s.
 */
export async function startProgram(
  { config, ports, supervisor, signal }: StartContext,
  commandOf: (role: ProgramRole) => ChildSpec['command'],
): Promise<void> {
  const { home } = config;
  const env = programEnvironment(config, ports);
  const spec = (role: ProgramRole, port?: number): ChildSpec => ({
    role,
    command: commandOf(role),
    env,
    ...(port === undefined ? {} : { port }),
  });
  if (ports.simulate !== undefined) supervisor.start(spec('simulate', ports.simulate));
  const code = await supervisor.run(spec('migrate'));
  signal.throwIfAborted();
  if (code !== 0) throw new NotReadyError(home, 'migrate', `failed (exit code ${code})`);
  supervisor.start(spec('api', ports.api));
  supervisor.start(spec('worker'));
  const waiting = { home, supervisor, signal, limitMs: readyLimitMs };
  await waitReady(() => apiReady(apiUrl(config, ports)), { ...waiting, role: 'api', needs: ['worker'] });
  const { simulate } = ports;
  if (simulate !== undefined)
    await waitReady(async () => (await isPortOpen(simulate)) || `nobody listens on port ${simulate}`, {
      ...waiting,
      role: 'simulate',
    });
}

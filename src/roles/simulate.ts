import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { createLogger } from '../observability/logger.ts';
import { startSimulators } from '../simulators/index.ts';
import { stopSignal } from './stop-signal.ts';

const pageDir = fileURLToPath(new URL('../../../rooms', import.meta.url));

/**
 * Runs the simulators of the platforms until a signal comes, for the demo and for experiments.
 * @returns the exit code.
 */
export async function simulate(config: Config): Promise<number> {
  const log = createLogger({ role: 'simulate', level: config.logLevel });
  const stopped = stopSignal();
  const simulators = await startSimulators({ port: config.simulatorsPort, dir: `${config.home}/simulators`, pageDir });
  log.info({ url: simulators.url }, 'simulators: listening');
  await stopped;
  await simulators.stop();
  return 0;
}

import { startSimulatorServer, type SimulatorServer } from './kit/server.ts';
import type { Simulator } from './kit/simulator.ts';
import { googleChatSimulator } from './google-chat/simulator.ts';
import { msteamsSimulator } from './msteams/simulator.ts';
import { matrixSimulator } from './matrix/simulator.ts';
import { slackSimulator } from './slack/simulator.ts';
import { webexSimulator } from './webex/simulator.ts';
import { webhookSimulator } from './webhook/simulator.ts';
import { zoomSimulator } from './zoom/simulator.ts';

/** All simulators. They are for demonstrations and tests only; no code that delivers imports this file. */
export const simulators: readonly Simulator[] = [
  webhookSimulator,
  slackSimulator,
  msteamsSimulator,
  webexSimulator,
  googleChatSimulator,
  zoomSimulator,
  matrixSimulator,
];

export interface SimulatorsOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** The folder in which the simulators keep what they accepted. */
  readonly dir: string;
  /** The folder with the files of the page that shows the rooms. Absent: the page is not served. */
  readonly pageDir?: string;
  /** Names of the connectors to simulate. Default: all. */
  readonly connectors?: readonly string[];
}

/**
 * Starts simulators of the platforms, all on one port.
 * @throws Error when a connector has no simulator, and the system's error when the port is taken.
 */
export async function startSimulators({ connectors, ...options }: SimulatorsOptions): Promise<SimulatorServer> {
  const names = connectors ?? simulators.map(({ name }) => name);
  const chosen = names.map((name) => {
    const simulator = simulators.find((one) => one.name === name);
    if (simulator === undefined) throw new Error(`there is no simulator of "${name}"`);
    return simulator;
  });
  return startSimulatorServer({ ...options, simulators: chosen });
}

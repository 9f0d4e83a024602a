import { startSimulatorServer, type SimulatorServer } from './kit/server.ts';
import type { Simulator } from './kit/simulator.ts';
import { googleChatSimulator } from './google-chat/simulator.ts';
import { msteamsSimulator } from './msteams/simulator.ts';
import { matrixSimulator } from './matrix/simulator.ts';
import { slackSimulator } from './slack/simulator.ts';
import { webexSimulator } from './webex/simulator.ts';
import { webhookSimulator } from './webhook/simulator.ts';
import { zoomSimulator } from './zoom/simulator.ts';

/** For demonstrations and tests only; nothing that delivers imports this file. */
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
  /** 0 for any that is free. */
  readonly port: number;
  /** 127.0.0.1 where none is given. */
  readonly host?: string;
  readonly dir: string;
  /** Of the files of the page that shows the rooms; without it there is none. */
  readonly pageDir?: string;
  /** Names; all where none are given. */
  readonly connectors?: readonly string[];
}

/**
 * Starts simulators of the platforms on one port.
 * @throws Error where a connector has no simulator, and the system's where the port is taken.
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

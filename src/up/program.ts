import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import type { ChildSpec } from './process/child.ts';
import { inheritedEnvironment } from './environment.ts';
import { choosePorts, type PortRequest } from './ports.ts';
import type { Role } from './roles.ts';

/** The roles of Carillon's own program that `npm start` runs. */
export type ProgramRole = Extract<Role, 'api' | 'worker' | 'migrate' | 'simulate'>;

/** The ports of the servers that this start brings. A server that it does not bring has no port here. */
export interface Ports {
  readonly api: number;
  readonly simulate?: number;
  readonly postgres?: number;
  readonly temporal?: number;
  readonly temporalUi?: number;
}

/** Deliveries cannot reach this machine by default, but the simulators listen on it. */
const loopback = '127.0.0.0/8';

/**
 * Chooses the port of each server that this start brings.
 * @throws StartError when a port that the user gave is taken, or no free port is found.
 */
export async function portsFor(config: Config, say: (line: string) => void): Promise<Ports> {
  const { given, host } = config;
  const request = (variable: PortVariable, port: number): PortRequest => ({
    variable,
    port,
    given: given.has(variable),
  });
  const requests = {
    api: { ...request('CARILLON_PORT', config.port), host },
    ...(config.demo ? { simulate: request('SIMULATORS_PORT', config.simulatorsPort) } : {}),
    ...(given.has('DATABASE_URL') ? {} : { postgres: request('POSTGRES_PORT', config.postgresPort) }),
    ...(given.has('TEMPORAL_ADDRESS')
      ? {}
      : {
          temporal: request('TEMPORAL_PORT', config.temporalPort),
          temporalUi: request('TEMPORAL_UI_PORT', config.temporalUiPort),
        }),
  };
  return choosePorts(requests, say);
}

type PortVariable = 'CARILLON_PORT' | 'SIMULATORS_PORT' | 'POSTGRES_PORT' | 'TEMPORAL_PORT' | 'TEMPORAL_UI_PORT';

/** The command line that starts a role. */
export function programCommand(role: ProgramRole): readonly [string, ...string[]] {
  return [process.execPath, fileURLToPath(new URL('../main.js', import.meta.url)), role];
}

/** The URL of Carillon's database, with the port that this start chose. */
export function databaseUrl(config: Config, ports: Ports): string {
  const url = new URL(config.databaseUrl);
  if (ports.postgres !== undefined) url.port = String(ports.postgres);
  return url.href;
}

function temporalAddress(config: Config, ports: Ports): string {
  return ports.temporal === undefined ? config.temporalAddress : `127.0.0.1:${ports.temporal}`;
}

/**
 * The environment of Carillon's own roles: the user's, plus what this start has chosen. It contains the admin key only
 * if the user's environment does. Otherwise the roles read the key from its file, and no process list shows it.
 */
export function programEnvironment(config: Config, ports: Ports): ChildSpec['env'] {
  return {
    ...inheritedEnvironment(),
    CARILLON_HOME: config.home,
    CARILLON_PORT: String(ports.api),
    DATABASE_URL: databaseUrl(config, ports),
    TEMPORAL_ADDRESS: temporalAddress(config, ports),
    TEMPORAL_NAMESPACE: config.temporalNamespace,
    SIMULATORS_PORT: String(ports.simulate ?? config.simulatorsPort),
    CARILLON_EGRESS_ALLOW: config.given.has('CARILLON_EGRESS_ALLOW') ? config.egressAllow.join(',') : loopback,
  };
}

import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import type { ChildSpec } from './process/child.ts';
import { inheritedEnvironment } from './environment.ts';
import { choosePorts, type PortRequest } from './ports.ts';
import type { Role } from './roles.ts';

/** The roles of our own program that `npm start` runs. */
export type ProgramRole = Extract<Role, 'api' | 'worker' | 'migrate' | 'simulate'>;

/** Where everything listens that this start brings. */
export interface Ports {
  readonly api: number;
  readonly simulate?: number;
  readonly postgres?: number;
  readonly temporal?: number;
  readonly temporalUi?: number;
}

/** Simulators and everything else on this machine, which deliveries could not reach by default. */
const loopback = '127.0.0.0/8';

/**
 * Settles the port of each server that this start brings.
 * @throws StartError when one that the user gave is taken.
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

/** How a role of our program is started. */
export function programCommand(role: ProgramRole): readonly [string, ...string[]] {
  return [process.execPath, fileURLToPath(new URL('../main.js', import.meta.url)), role];
}

/** The address of our database in this start. */
export function databaseUrl(config: Config, ports: Ports): string {
  const url = new URL(config.databaseUrl);
  if (ports.postgres !== undefined) url.port = String(ports.postgres);
  return url.href;
}

/** The address of Temporal in this start. */
function temporalAddress(config: Config, ports: Ports): string {
  return ports.temporal === undefined ? config.temporalAddress : `127.0.0.1:${ports.temporal}`;
}

/**
 * The environment of our own roles: the user's, with what this start has settled. An admin key is passed on only
 * where the user gave one; else the roles read the file, so that the key shows in no process list.
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

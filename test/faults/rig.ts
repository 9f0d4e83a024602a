import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import postgres from 'postgres';
import type { ChildSpec } from '../../src/up/process/child.ts';
import { databaseReady, superuserUrl } from '../../src/up/postgres/database.ts';
import { packageRoot } from '../../src/up/package-root.ts';
import { preparePostgres } from '../../src/up/postgres/postgres.ts';
import type { Role } from '../../src/up/roles.ts';
import { createClient, type Client } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { plainEnvironment } from '../support/plain-environment.ts';
import {
  connectionsForTemporal,
  prepareTemporalOnPostgres,
  type TemporalStore,
} from '../support/temporal-on-postgres.ts';
import { prepareTemporal } from '../support/temporal.ts';
import { createTestHome, removeAbandonedHomes } from '../support/test-servers.ts';
import { openLinks, type Links } from './links.ts';
import { createProcesses, type Processes } from './processes.ts';
import { configureDestinations } from './destinations.ts';

/** All processes of Carillon, which can be killed one by one, with proxies on their connections. */
export interface Rig {
  readonly home: string;
  readonly processes: Processes;
  /** Undefined when there is no Toxiproxy; then the processes are connected directly. */
  readonly links: Links | undefined;
  /** One client for each API. */
  readonly apis: readonly Client[];
  /** Address of Temporal itself, not of a proxy: `host:port`. */
  readonly temporalAddress: string;
  /** Base URL of the simulators themselves, not of a proxy. */
  readonly simulators: string;
  /** A connection to the database itself, not to a proxy. It serves to show the progress, not to judge the result. */
  readonly sql: postgres.Sql;
  remove(): Promise<void>;
}

export interface RigOptions {
  readonly temporal: TemporalStore;
  readonly say: (line: string) => void;
}

export const apiNames = ['api-1', 'api-2'] as const;
export const workerNames = ['worker-1', 'worker-2'] as const;

const adminKey = 'rig-admin-key';
const readyLimitMs = 120_000;
/** The data is deleted after the run, so it need not survive a power cut. A killed server still loses nothing. */
const faster = { fsync: 'off', full_page_writes: 'off' } as const;
const main = join(packageRoot(), 'dist', 'src', 'main.js');

export async function openRig({ temporal: store, say }: RigOptions): Promise<Rig> {
  await removeAbandonedHomes();
  const { home, remove: removeHome } = await createTestHome();
  const processes = createProcesses(home);
  let sql: postgres.Sql | undefined;
  const remove = async (): Promise<void> => {
    await sql?.end({ timeout: 1 });
    await processes.end();
    await removeHome();
  };
  try {
    const postgresPort = await freePort();
    const superuserPassword = await startPostgres(home, processes, postgresPort);
    const url = databaseUrl(postgresPort);
    sql = postgres(superuserUrl(url, superuserPassword).replace(/\/postgres$/, '/carillon'), { max: 1 });
    say(`starting Temporal (${store === 'postgres' ? 'on PostgreSQL' : 'dev server on SQLite'})`);
    const temporal = await (store === 'postgres'
      ? prepareTemporalOnPostgres(home, { port: postgresPort, superuserPassword })
      : prepareTemporal(home));
    await processes.start('temporal', () => temporal.spec);
    await eventually('Temporal answers', async () => (await temporal.ready()) === true, readyLimitMs);
    const simulatorsPort = await freePort();
    const links = await openLinks(home, processes, say, {
      'api-postgres': `127.0.0.1:${postgresPort}`,
      'worker-postgres': `127.0.0.1:${postgresPort}`,
      temporal: temporal.address,
      sinks: `127.0.0.1:${simulatorsPort}`,
    });
    const { address } = links;
    const env = (role: Role): Record<string, string | undefined> => ({
      ...plainEnvironment(),
      CARILLON_ADMIN_KEY: adminKey,
      CARILLON_HOME: home,
      CARILLON_EGRESS_ALLOW: '127.0.0.0/8',
      CARILLON_LOG_LEVEL: 'info',
      DATABASE_URL: databaseUrl(portOf(address[role === 'worker' ? 'worker-postgres' : 'api-postgres'])),
      TEMPORAL_ADDRESS: address.temporal,
      TEMPORAL_NAMESPACE: 'default',
      SIMULATORS_PORT: String(simulatorsPort),
    });
    const start = (name: string, role: Role, port?: number): Promise<void> =>
      processes.start(name, () => ({
        role,
        command: [process.execPath, main, role],
        env: { ...env(role), ...(port === undefined ? {} : { CARILLON_PORT: String(port) }) },
        ...(port === undefined ? {} : { port }),
      }));
    say('migrating, and starting two APIs, two workers and the simulators');
    await start('simulate', 'simulate');
    await promisify(execFile)(process.execPath, [main, 'migrate'], { env: env('migrate'), timeout: readyLimitMs });
    const simulators = `http://127.0.0.1:${simulatorsPort}`;
    const apis: Client[] = [];
    for (const name of apiNames) {
      const port = await freePort();
      await start(name, 'api', port);
      apis.push(createClient(`http://127.0.0.1:${port}`, simulators, adminKey));
    }
    for (const name of workerNames) await start(name, 'worker');
    for (const api of apis) await eventually(`${api.url} is ready`, () => isReady(api), readyLimitMs);
    const [first] = apis;
    if (first !== undefined) await configureDestinations(first, `http://${address.sinks}`);
    return {
      home,
      processes,
      links: links.toxiproxy === undefined ? undefined : links,
      apis,
      temporalAddress: temporal.address,
      simulators,
      sql,
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

const databaseUrl = (port: number): string => `postgres://carillon:carillon@127.0.0.1:${port}/carillon`;
const portOf = (address: string): number => Number(address.split(':')[1]);

async function startPostgres(home: string, processes: Processes, port: number): Promise<string> {
  mkdirSync(join(home, 'postgres-home'), { mode: 0o711 });
  let superuserPassword = '';
  await processes.start('postgres', async (): Promise<ChildSpec> => {
    // The server is prepared again at each start, because a kill leaves a stale lock.
    const server = await preparePostgres(join(home, 'postgres-home'), port, () => undefined, {
      ...faster,
      ...connectionsForTemporal,
    });
    superuserPassword = server.superuserPassword;
    return server.spec;
  });
  const answers = async (): Promise<boolean> =>
    (await databaseReady(databaseUrl(port), superuserPassword).catch(() => 'not yet')) === true;
  await eventually('PostgreSQL answers', answers, readyLimitMs);
  return superuserPassword;
}

async function isReady(api: Client): Promise<boolean> {
  try {
    const { body } = await api.call('GET', '/readyz');
    return Object.values(body as object).every((part) => part === 'ok');
  } catch {
    return false; // the API is not listening yet
  }
}

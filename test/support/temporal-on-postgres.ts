import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { databaseReady } from '../../src/up/postgres/database.ts';
import { packageRoot } from '../../src/up/package-root.ts';
import { isPortOpen } from '../../src/up/ports.ts';
import { runCommand } from '../../src/up/process/run-command.ts';
import type { Supervisor } from '../../src/up/process/supervisor.ts';
import { temporalEnvironment } from '../../src/up/temporal/temporal-server.ts';
import { freePort } from './free-port.ts';
import { goTool, temporalServer, temporalSqlTool } from './go-tools.ts';
import { startPrepared, type PreparedTemporal } from './temporal.ts';

/**
 * Where a Temporal keeps its data: `postgres` as the server of production does, `sqlite` as the dev server of `npm
 * start` does.
 */
export type TemporalStore = 'postgres' | 'sqlite';

/** A running PostgreSQL, which Carillon also uses. Temporal gets databases and a role of its own on it. */
export interface PostgresForTemporal {
  readonly port: number;
  readonly superuserPassword: string;
}

/** The connections that PostgreSQL must allow: four services in one process open up to 30 each. */
export const connectionsForTemporal = { max_connections: '400' } as const;

/** gRPC's code ALREADY_EXISTS. */
const alreadyExists = 6;

const namespace = 'default';
const retentionSeconds = 7 * 86_400;
const plugin = 'postgres12_pgx';
/**
 * Number of parts of Temporal's history, each with a loop of its own. It is fixed when the database is made, and small
 * for two cores.
 */
const historyShards = 4;
const schemaLimitMs = 120_000;
const answerMs = 5_000;

/**
 * Builds the server if necessary, like `prepareTemporalOnPostgres`. A caller with a time limit builds first, so that
 * the build does not use up its time.
 */
export async function buildTemporalOnPostgres(): Promise<{ readonly server: string; readonly sqlTool: string }> {
  return { server: await goTool(temporalServer), sqlTool: await goTool(temporalSqlTool) };
}

/**
 * Starts the server of production in one process, on its own databases.
 * @returns its address.
 */
export async function startPostgresBackedTemporal(
  home: string,
  supervisor: Supervisor,
  postgres: PostgresForTemporal,
): Promise<string> {
  return startPrepared(home, supervisor, await prepareTemporalOnPostgres(home, postgres));
}

/** Makes the databases, schema and configuration, and returns how to start the server on them. */
export async function prepareTemporalOnPostgres(
  home: string,
  postgres: PostgresForTemporal,
): Promise<PreparedTemporal> {
  const { server, sqlTool } = await buildTemporalOnPostgres();
  await makeSchema(sqlTool, postgres, 'temporal', 'temporal');
  await makeSchema(sqlTool, postgres, 'temporal_visibility', 'visibility');
  const folder = join(home, 'temporal');
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  // Every JSON document is also YAML.
  writeFileSync(join(folder, 'carillon.yaml'), JSON.stringify(await serverConfig(folder, port, postgres.port)));
  writeFileSync(join(folder, 'dynamic-config.yaml'), dynamicConfig());
  return {
    spec: {
      role: 'temporal',
      command: [server, '--root', folder, '--config', '.', '--env', 'carillon', '--allow-no-auth', 'start'],
      env: { ...process.env, ...temporalEnvironment },
      port,
    },
    address: `127.0.0.1:${port}`,
    ready: () => namespaceReady(port),
  };
}

async function makeSchema(tool: string, postgres: PostgresForTemporal, database: string, name: string): Promise<void> {
  const url = `postgres://temporal:temporal@127.0.0.1:${postgres.port}/${database}`;
  const made = await databaseReady(url, postgres.superuserPassword);
  if (made !== true) throw new Error(`PostgreSQL does not run: ${made}`);
  const login = ['--ep', '127.0.0.1', '--port', String(postgres.port), '--user', 'temporal', '--password', 'temporal'];
  const run = (...args: string[]): Promise<string> =>
    runCommand([tool, '--plugin', plugin, ...login, '--database', database, ...args], {
      signal: AbortSignal.timeout(schemaLimitMs),
    });
  await run('setup-schema', '--version', '0.0');
  await run('update-schema', '--schema-name', `postgresql/v12/${name}`);
}

/** Returns the configuration of docker-compose.yml, in the form into which the image's template brings it. */
async function serverConfig(folder: string, port: number, postgresPort: number): Promise<object> {
  const store = (databaseName: string, maxConns: number): object => ({
    sql: {
      pluginName: plugin,
      databaseName,
      connectAddr: `127.0.0.1:${postgresPort}`,
      connectProtocol: 'tcp',
      user: 'temporal',
      password: 'temporal',
      connectAttributes: { application_name: 'temporal' },
      maxConns,
      maxIdleConns: maxConns,
      maxConnLifetime: '1h',
    },
  });
  const service = async (grpcPort?: number): Promise<object> => ({
    rpc: {
      grpcPort: grpcPort ?? (await freePort()),
      membershipPort: await freePort(),
      bindOnIP: '127.0.0.1',
    },
  });
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: historyShards,
      datastores: { default: store('temporal', 20), visibility: store('temporal_visibility', 10) },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: {
      frontend: await service(port),
      matching: await service(),
      history: await service(),
      worker: await service(),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${port}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    publicClient: { hostPort: `127.0.0.1:${port}` },
    dynamicConfigClient: { filepath: join(folder, 'dynamic-config.yaml'), pollInterval: '60s' },
  };
}

/**
 * Returns the configuration of production, with one value of the dev server: new search attributes are known at once
 * and not after a minute.
 */
function dynamicConfig(): string {
  const production = readFileSync(join(packageRoot(), 'deploy', 'temporal', 'dynamic-config.yaml'), 'utf8');
  return `${production}\nsystem.forceSearchAttributesCacheRefreshOnRead:\n  - value: true\n`;
}

/** Checks whether the server knows the namespace. Creates the namespace if it does not exist. */
async function namespaceReady(port: number): Promise<true | string> {
  if (!(await isPortOpen(port))) return `nobody listens on port ${port}`;
  const connection = Connection.lazy({ address: `127.0.0.1:${port}` });
  try {
    const { workflowService } = connection;
    await connection.withDeadline(Date.now() + answerMs, async () => {
      await workflowService
        .registerNamespace({
          namespace,
          workflowExecutionRetentionPeriod: { seconds: retentionSeconds as never },
        })
        .catch((error: unknown) => {
          if (!isGrpcServiceError(error) || error.code !== alreadyExists) throw error;
        });
      // Each service learns of a new namespace at its own time. The service that describes task queues must know it
      // too.
      await workflowService.describeTaskQueue({ namespace, taskQueue: { name: 'ready' }, taskQueueType: 1 });
      await workflowService.countWorkflowExecutions({ namespace });
    });
    return true;
  } catch (error) {
    if (isGrpcServiceError(error)) return error.message;
    throw error;
  } finally {
    await connection.close();
  }
}

import { resolve } from 'node:path';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { registerSearchAttributes } from '../../src/search-attributes.ts';
import { connect, type Sql } from '../../src/store/db.ts';
import { createClient, type Client } from './client.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { createDatabase } from './postgres.ts';
import { temporalAddress } from './temporal.ts';
import { configureSinks, type Sinks } from './sinks.ts';
import { createTestHome } from './test-servers.ts';

/**
 * The real program as processes (API, worker, simulators), on a database and a Temporal namespace of its own on the
 * servers of this test run, configured with a webhook connection `hooks` and a Slack connection `slack`.
 */
export interface Stack extends Client, Sinks {
  readonly sql: Sql;
  readonly temporal: TemporalClient;
  readonly simulators: string;
  readonly home: string;
  post(body: object, key?: string): Promise<{ id: string; deliveries: { id: string; destination: string }[] }>;
  close(): Promise<void>;
}

const adminKey = 'test-admin-key';
const main = resolve('dist/src/main.js');

/** @param workerEnv variables of the worker only, such as another way to the database. */
export async function startStack(
  workerEnv: (databaseUrl: string) => Readonly<Record<string, string>> = () => ({}),
): Promise<Stack> {
  const [database, home, apiPort, simulatorsPort] = await Promise.all([
    createDatabase(),
    createTestHome(),
    freePort(),
    freePort(),
  ]);
  const namespace = `test-${apiPort}-${Date.now()}`;
  const connection = await Connection.connect({ address: temporalAddress() });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await registerSearchAttributes(temporalAddress(), namespace);
  const env = {
    ...process.env,
    CARILLON_ADMIN_KEY: adminKey,
    CARILLON_HOME: home.home,
    CARILLON_PORT: String(apiPort),
    CARILLON_EGRESS_ALLOW: '127.0.0.0/8',
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporalAddress(),
    TEMPORAL_NAMESPACE: namespace,
    SIMULATORS_PORT: String(simulatorsPort),
  };
  for (const role of ['simulate', 'api', 'worker'] as const)
    home.supervisor.start({
      role,
      command: [process.execPath, main, role],
      env: { ...env, ...(role === 'worker' ? workerEnv(database.url) : {}) },
    });
  const sql = connect(database.url, { name: 'test', max: 4, statementTimeoutMs: 10_000 });
  const simulators = `http://127.0.0.1:${simulatorsPort}`;
  const client = createClient(`http://127.0.0.1:${apiPort}`, simulators, adminKey);
  await eventually('the stack is ready', () => isReady(client), 60_000);
  const sinks = await configureSinks(client, simulators);
  let posted = 0;
  return {
    ...client,
    sql,
    temporal: new TemporalClient({ connection, namespace }),
    simulators,
    home: home.home,
    ...sinks,
    post: (body, key = `key-${(posted += 1)}`) => client.must('POST', '/v1/messages', body, { 'idempotency-key': key }),
    async close() {
      await sql.end();
      await connection.close();
      await home.remove();
      await database.drop();
    },
  };
}

async function isReady(client: Client): Promise<boolean> {
  try {
    const { body } = await client.call('GET', '/readyz');
    return Object.values(body as object).every((part) => part === 'ok');
  } catch {
    return false; // not listening yet
  }
}

import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { registerSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { connect, type Sql } from '../../src/store/db/db.ts';
import { readRunRecord } from '../../src/up/process/run-record.ts';
import { createClient, type Client } from './client.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { createDatabase } from './postgres.ts';
import { temporalAddress } from './temporal.ts';
import { configureSinks, type Sinks } from './sinks.ts';
import { createTestHome } from './test-servers.ts';

/**
 * The real program as processes (API, worker, simulators). It has its own database and Temporal namespace on the
 * servers of this test run, and a webhook connection `hooks` and a Slack connection `slack`.
 */
export interface Stack extends Client, Sinks {
  readonly sql: Sql;
  readonly temporal: TemporalClient;
  readonly simulators: string;
  readonly home: string;
  post(body: object, key?: string): Promise<{ id: string; deliveries: { id: string; destination: string }[] }>;
  /** Starts one more worker, which the test stops itself. It runs this version unless another program is given. */
  startWorker(program?: readonly string[], env?: Environment): WorkerProcess;
  /** Stops the API until `startApi` starts it on the same port. */
  stopApi(): Promise<void>;
  startApi(): Promise<void>;
  close(): Promise<void>;
}

export interface WorkerProcess {
  /** The worker's identity in Temporal's histories. */
  readonly identity: string;
  /** Sends SIGTERM and resolves to the exit code. A second call waits for the same end. */
  stop(): Promise<number | null>;
}

type Environment = Readonly<Record<string, string>>;

export interface StackOptions {
  /** Settings of all processes. */
  readonly env?: Environment;
  /** False: the stack has no worker, and the test starts its own. */
  readonly worker?: false;
  /** Settings of the worker only, such as another address of the database. */
  readonly workerEnv?: (databaseUrl: string) => Environment;
}

const adminKey = 'test-admin-key';
const main = resolve('dist/src/main.js');

export async function startStack({ env: settings = {}, worker, workerEnv }: StackOptions = {}): Promise<Stack> {
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
    CARILLON_PUBLIC_URL: `http://127.0.0.1:${apiPort}`,
    CARILLON_EGRESS_ALLOW: '127.0.0.0/8',
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporalAddress(),
    TEMPORAL_NAMESPACE: namespace,
    SIMULATORS_PORT: String(simulatorsPort),
    ...settings,
  };
  /** Starts a process that is not started again when it ends. */
  function launch(role: 'api' | 'worker', program: readonly string[], more: Environment): WorkerProcess {
    const command = [process.execPath, ...program] as const;
    const ended = home.supervisor.run({ role, command, env: { ...env, ...more } });
    const pid = readRunRecord(home.home).find((one) => one.role === role)?.pid ?? 0;
    let isStopped = false;
    void ended.then(() => (isStopped = true));
    return {
      identity: `${hostname()}:${pid}`,
      stop() {
        if (!isStopped) process.kill(pid, 'SIGTERM');
        isStopped = true;
        return ended;
      },
    };
  }
  let api = launch('api', [main, 'api'], {});
  for (const role of ['simulate', ...(worker === false ? [] : (['worker'] as const))] as const)
    home.supervisor.start({
      role,
      command: [process.execPath, main, role],
      env: { ...env, ...(role === 'worker' ? workerEnv?.(database.url) : {}) },
    });
  const sql = connect(database.url, { name: 'test', max: 4, statementTimeoutMs: 10_000 });
  const simulators = `http://127.0.0.1:${simulatorsPort}`;
  const client = createClient(`http://127.0.0.1:${apiPort}`, simulators, adminKey);
  const parts = ['accept', 'postgres', 'temporal', ...(worker === false ? [] : ['delivery'])];
  await eventually('the stack is ready', () => isReady(client, parts), 60_000);
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
    startWorker: (program = [main, 'worker'], more = {}) => launch('worker', program, more),
    stopApi: async () => void (await api.stop()),
    async startApi() {
      api = launch('api', [main, 'api'], {});
      await eventually('the API is back', () => isReady(client, parts), 60_000);
    },
    async close() {
      await sql.end();
      await connection.close();
      await home.remove();
      await database.drop();
    },
  };
}

async function isReady(client: Client, parts: readonly string[]): Promise<boolean> {
  try {
    const { body } = await client.call('GET', '/readyz');
    return parts.every((part) => (body as Record<string, unknown>)[part] === 'ok');
  } catch {
    return false; // not listening yet
  }
}

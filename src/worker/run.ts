import { hostname } from 'node:os';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import postgres from 'postgres';
import type { Logger } from 'pino';
import { createActivities } from '../activities/index.ts';
import { createLedger } from '../deliver/ledger.ts';
import { createFileFetcher } from '../deliver/fetch-files.ts';
import { createRoundPlaces } from '../deliver/capacity/round-places.ts';
import { subscribingNames } from '../activities/inbound/keep-subscriptions.ts';
import { createPace } from '../deliver/capacity/pace.ts';
import { createAccessTokens } from '../connectors/http/access-tokens.ts';
import { createEgress } from '../connectors/http/egress.ts';
import { createHttp } from '../connectors/http/client.ts';
import { connectors } from '../connectors/registry.ts';
import type { Config } from '../config.ts';
import type { InboxId } from '../domain/ids.ts';
import { logSdkLine } from '../observability/sdk-line.ts';
import { connect, type Sql } from '../store/db/db.ts';
import type { KeyRing } from '../store/db/key-ring.ts';
import { createPlanCaches } from '../store/accept/plan-cache.ts';
import type { CommandedDelivery } from '../store/runs/commands.ts';
import { createRuns } from '../temporal/runs.ts';
import { commandedWaker } from '../temporal/wake-runs.ts';
import {
  acceptedChannel,
  housekeepingSchedule,
  housekeepingType,
  keepSubscriptionsType,
  receivedChannel,
  subscriptionsSchedule,
  taskQueue,
} from '../contract.ts';
import { startDispatcher, type Dispatcher } from './dispatcher.ts';
import { startDrain } from './drain.ts';
import { startGaps } from './gaps.ts';
import { startHeartbeat } from './heartbeat.ts';
import { startInbox } from './inbox.ts';
import { startJobStarter } from './job-starter.ts';
import { startSchedule } from './schedule.ts';
import { startSubscriptions } from './subscriptions.ts';
import { startSweep } from './sweep.ts';
import { createWakers } from './wake.ts';

/** Longer than the longest request (60 s) with its settle, so that a shutdown interrupts no request. */
const shutdownGraceMs = 68_000;
/** The wait before Temporal is asked again after it could not be reached, or after it ended a worker. Milliseconds. */
const reconnectMs = 500;

const connectorsByName = new Map(connectors.map((connector) => [connector.name, connector]));

export interface WorkerProcess {
  /** Waits for the sends under way and starts no others. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly config: Config;
  readonly ring: KeyRing;
  readonly log: Logger;
  readonly workflowBundle: WorkflowBundleOption;
}

/**
 * The worker process: workflows, activities, dispatcher, sweep. It outlives both of its servers: while Temporal is away
 * it tries again, and if Temporal ends a worker, for example because the namespace is gone, it creates a new one.
 */
export async function runWorker({ config, ring, log, workflowBundle }: WorkerOptions): Promise<WorkerProcess> {
  // The role handles signals. Without `forward`, the SDK's native core would print its lines to the console in another
  // form and with the values in them.
  const logger = new DefaultLogger('WARN', (line) => logSdkLine(log, line));
  Runtime.install({ shutdownSignals: [], logger, telemetryOptions: { logging: { filter: 'ERROR', forward: {} } } });
  const worker = `${hostname()}:${process.pid}`;
  const sql = connect(config.databaseUrl, { name: 'carillon-worker', max: 16, statementTimeoutMs: 10_000 });
  const http = createHttp({ egress: createEgress(config.egressAllow) });
  const heartbeat = startHeartbeat({ sql, worker, log });
  let isStopping = false;
  let current: Session | undefined;
  const inbox = startInbox({
    sql,
    ring,
    worker,
    log,
    plans: createPlanCaches(sql),
    connectors: connectorsByName,
    poke: () => current?.dispatcher.poke(),
    // While Temporal is away the sweep wakes them later.
    wakeStopped: async (stopped) => current?.wakeStopped(stopped),
    async fetchEvent(event) {
      if (current === undefined) throw new Error('Temporal is away');
      await current.fetchEvent(event);
    },
  });

  const listener = postgres(config.databaseListenUrl, {
    max: 1,
    fetch_types: false,
    onnotice: () => undefined,
    backoff: () => 0.2,
  });
  const listening = listener
    .listen(acceptedChannel, () => current?.dispatcher.poke())
    .then(() => listener.listen(receivedChannel, () => inbox.poke()))
    .catch((error: unknown) => log.warn({ err: error }, 'no LISTEN: new messages are found by looking every second'));

  const loop = (async () => {
    while (!isStopping) {
      try {
        current = await openSession({
          config,
          sql,
          ring,
          http,
          worker,
          log,
          workflowBundle,
          pokeInbox: () => inbox.poke(),
        });
        log.info({ temporal: config.temporalAddress }, 'worker: delivering');
        if (isStopping) current.shutdown();
        await current.ended;
      } catch (error) {
        log.warn({ err: error, temporal: config.temporalAddress }, 'worker: Temporal is not usable; trying again');
      }
      await current?.close();
      current = undefined;
      if (!isStopping) await new Promise((resolve) => setTimeout(resolve, reconnectMs));
    }
  })();

  return {
    async stop() {
      isStopping = true;
      current?.shutdown();
      await loop;
      await inbox.stop();
      await listening;
      await listener.end({ timeout: 1 });
      await heartbeat.stop();
      await http.close();
      await sql.end({ timeout: 5 });
    },
  };
}

/** One connection to Temporal and everything that uses it. */
interface Session {
  readonly dispatcher: Dispatcher;
  readonly ended: Promise<void>;
  wakeStopped(stopped: readonly CommandedDelivery[]): Promise<void>;
  fetchEvent(event: InboxId): Promise<void>;
  shutdown(): void;
  close(): Promise<void>;
}

async function openSession(deps: {
  config: Config;
  sql: Sql;
  ring: KeyRing;
  http: ReturnType<typeof createHttp>;
  worker: string;
  log: Logger;
  workflowBundle: WorkflowBundleOption;
  pokeInbox: () => void;
}): Promise<Session> {
  const { config, sql, ring, http, worker, log } = deps;
  const connection = await NativeConnection.connect({ address: config.temporalAddress });
  const runs = createRuns(connection, config.temporalNamespace, { eager: true, express: config.express });
  const dispatcher = startDispatcher({ sql, runs, log });
  const { wake, wakeNext, reportTrouble } = createWakers({ sql, runs, poke: dispatcher.poke, log });
  const sweep = startSweep({ sql, runs, worker, log, poke: dispatcher.poke, wakeNext });
  const drain = startDrain({ sql, worker, log, wake });
  const jobStarter = startJobStarter({ sql, runs, log });
  const gaps = startGaps({ sql, runs, log });
  const places = createRoundPlaces();
  const stopping = new AbortController();
  const held = {
    sql,
    ring,
    connectors: connectorsByName,
    http,
    tokens: createAccessTokens(),
    stopping: stopping.signal,
  };
  const files = createFileFetcher(held, config.files);
  const wakeCommanded = commandedWaker(runs, sql, dispatcher.poke);
  const { temporalNamespace: namespace, housekeepingEveryMs, subscriptionsEveryMs, publicUrl } = config;
  const schedule = (id: string, workflowType: string, everyMs: number) =>
    startSchedule({ connection, namespace, id, workflowType, everyMs, log });
  const schedules = [
    schedule(housekeepingSchedule, housekeepingType, housekeepingEveryMs),
    schedule(subscriptionsSchedule, keepSubscriptionsType, subscriptionsEveryMs),
  ];
  const subscriptions = startSubscriptions({ sql, runs, connectors: subscribingNames(connectorsByName), log });
  const close = async (): Promise<void> => {
    const parts = [dispatcher, sweep, drain, ...schedules, jobStarter, gaps, subscriptions];
    await Promise.all([...parts.map((part) => part.stop()), places.idle(), files.idle()]);
    await connection.close();
  };
  try {
    const temporalWorker = await Worker.create({
      connection,
      namespace: config.temporalNamespace,
      taskQueue,
      identity: worker,
      workflowBundle: deps.workflowBundle,
      activities: createActivities({
        ...held,
        ledger: createLedger(sql, ring, wakeNext),
        publicUrl,
        subscriptionsEveryMs,
        worker,
        wakeNext,
        wakeCommanded,
        poke: dispatcher.poke,
        pokeInbox: deps.pokeInbox,
        reportTrouble,
        files,
        places,
        pace: createPace(),
      }),
      // The default follows the size of the heap, and a cache that outgrows the isolate ends the process.
      maxCachedWorkflows: 600,
      maxConcurrentWorkflowTaskExecutions: 100,
      maxConcurrentActivityTaskExecutions: 100,
      // This SDK (1.24) does not read maxConcurrent…TaskPolls. It reads these options instead.
      workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 4 },
      activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 4 },
      shutdownGraceTime: shutdownGraceMs,
    });
    let isShutDown = false;
    return {
      dispatcher,
      fetchEvent: (event) => runs.fetchEvent(event),
      wakeStopped: (stopped) => wakeCommanded('cancel', stopped, 'bridge'),
      ended: temporalWorker.run(),
      shutdown() {
        if (isShutDown) return;
        isShutDown = true;
        stopping.abort();
        void dispatcher.stop();
        if (temporalWorker.getState() === 'RUNNING') temporalWorker.shutdown();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

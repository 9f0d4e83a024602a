import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import postgres from 'postgres';
import { freePort } from '../../test/support/free-port.ts';
import { plainEnvironment } from '../../test/support/plain-environment.ts';
import { askAs, startCarillon, until, webhookConnection, type Ask } from '../carillon.ts';
import { namespace, type Stack } from '../stack.ts';
import type { Session } from '../session.ts';
import type { Stream, Streamed } from '../stream.ts';
import type { Arrival } from './evidence.ts';
import type { Manner } from './manner.ts';

/** One API, one worker and one receiver, on an empty database, with a process that posts. */
export interface Stage {
  readonly stack: Stack;
  readonly client: Client;
  /** A connection to Carillon's database. */
  readonly sql: postgres.Sql;
  /** Version of Temporal. */
  readonly temporal: string;
  /** Returns a sender: the administrator, or with an id a new tenant, which gets the connection `hooks`. */
  tenant(id?: string): Promise<Sender>;
  /**
   * Sets how the receiver treats a path from now on.
   * @returns the time.
   */
  behave(path: string, manner: Manner): Promise<number>;
  /**
   * Waits until all posted messages are at rest, or the limit is over; missing deliveries are counted later.
   * @returns all requests to the receiver since the last call.
   */
  settled(limitSeconds: number): Promise<readonly Arrival[]>;
  say(line: string): void;
}

/** An API caller that configures and posts with its own key. */
export interface Sender {
  readonly ask: Ask;
  /** Makes a webhook destination for the receiver's path of the same name. */
  destination(id: string, settings?: Readonly<Record<string, unknown>>, address?: object): Promise<void>;
  /** Posts a whole stream. */
  post(stream: Omit<Stream, 'origin' | 'key' | 'name'>, limitSeconds: number): Promise<Streamed[]>;
}

const graceSeconds = 60;
const warmUp = 120;
const warmUpLimitSeconds = 90;

export async function openStage({ stack, say }: Session): Promise<Stage> {
  const env = plainEnvironment();
  const start = (name: string, file: string) =>
    stack.start({ name, module: fileURLToPath(new URL(file, import.meta.url)), env });
  const receiver = start('receiver', 'receiver.js');
  const load = start('load', '../load.js');
  const port = await receiver.call<number>('listen');
  const client = new Client({ connection: Connection.lazy({ address: stack.temporalAddress }), namespace });
  const { serverVersion } = await client.workflowService.getSystemInfo({});
  const database = await stack.database('carillon');
  const { origin, startWorker } = await startCarillon(stack, {
    database,
    port: await freePort(),
    sinkPort: port,
    destinations: 0,
    profile: undefined,
  });
  await startWorker();
  const sql = postgres(database, { max: 1, connection: { application_name: 'bench' }, onnotice: () => undefined });
  let streams = 0;
  const sender = (ask: Ask, key: string): Sender => ({
    ask,
    async destination(id, settings = {}, address = {}) {
      const url = `http://127.0.0.1:${port}/${id}`;
      await ask('PUT', `destinations/${id}`, { connection: 'hooks', address: { url, ...address }, ...settings });
    },
    post: (stream, limitSeconds) =>
      load.call<Streamed[]>(
        'stream',
        { ...stream, origin, key, name: `stream-${(streams += 1)}` } satisfies Stream,
        (limitSeconds + graceSeconds) * 1_000,
      ),
  });
  const stage: Stage = {
    stack,
    client,
    sql,
    temporal: serverVersion,
    async tenant(id) {
      if (id === undefined) return sender(askAs(origin, stack.adminKey), stack.adminKey);
      const admin = askAs(origin, stack.adminKey);
      await admin('PUT', `tenants/${id}`, {});
      const { key } = await askAs(origin, stack.adminKey, id)('POST', 'keys', {
        name: 'bench',
        scopes: ['config:write', 'messages:write', 'messages:read', 'deliveries:operate'],
      });
      const ask = askAs(origin, String(key));
      await ask('PUT', 'connections/hooks', webhookConnection);
      return sender(ask, String(key));
    },
    behave: (path, manner) => receiver.call<number>('behave', { path, manner }),
    async settled(limitSeconds) {
      const atRest = async (): Promise<boolean> => {
        const [row] = await sql<{ open: boolean }[]>`select exists (select from messages where open_count > 0) as open`;
        return row?.open === false;
      };
      await until('all messages to be at rest', atRest, limitSeconds * 1_000).catch((error: unknown) =>
        say(error instanceof Error ? error.message : String(error)),
      );
      return receiver.call<readonly Arrival[]>('take');
    },
    say,
  };
  say('warming up');
  const admin = await stage.tenant();
  await admin.destination('warm');
  await admin.post({ messages: warmUp, destinations: [['warm']] }, warmUpLimitSeconds);
  await stage.settled(warmUpLimitSeconds);
  return stage;
}

/** Returns the ids of the accepted messages. */
export const acceptedOf = (posted: readonly Streamed[]): string[] =>
  posted.filter(({ status }) => status === 202).map(({ id }) => id);

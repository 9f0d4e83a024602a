import { connect, type Sql } from '../../src/store/db/db.ts';
import type { ApiDeps } from '../../src/api/deps.ts';
import { eventually } from '../support/eventually.ts';
import { createDatabase } from '../support/postgres.ts';
import { followEvents, type EventReader } from './event-reader.ts';
import { startTestApi, type TestApi } from './running-api.ts';

/** A database with APIs on it and readers of their events. Each test makes its own. */
export interface EventBench {
  readonly databaseUrl: string;
  /** Writes to the database past the API. */
  readonly sql: Sql;
  /**
   * Starts an API with short intervals and at most three streams.
   * @param url the database's URL by default. Another one leads through a proxy.
   */
  start(url?: string, more?: Partial<ApiDeps>): Promise<TestApi>;
  follow(api: TestApi, query?: string, headers?: Record<string, string>): Promise<EventReader>;
  /** Closes all APIs before the end of the test, for tests with a proxy that must be closed after them. */
  closeApis(): Promise<void>;
  remove(): Promise<void>;
}

const eventStreams = { heartbeatMs: 100, lookEveryMs: 50, maxStreams: 3 };

export async function createEventBench(): Promise<EventBench> {
  const database = await createDatabase();
  const sql = connect(database.url, { name: 'test', max: 4, statementTimeoutMs: 10_000 });
  const readers: EventReader[] = [];
  const apis: TestApi[] = [];
  const closeApis = async (): Promise<void> => {
    await Promise.all(apis.splice(0).map((api) => api.close()));
  };
  return {
    databaseUrl: database.url,
    sql,
    async start(url = database.url, more = {}) {
      const api = await startTestApi(url, { eventStreams, ...more });
      apis.push(api);
      return api;
    },
    async follow(api, query = '', headers = {}) {
      const reader = await followEvents(`${api.url}/v1/events${query}`, headers);
      readers.push(reader);
      return reader;
    },
    closeApis,
    async remove() {
      for (const reader of readers) reader.cut();
      await closeApis();
      await sql.end();
      await database.drop();
    },
  };
}

export const seenBy = ({ events }: EventReader): number[] => events.map(({ body }) => body.data.n);

export async function hasSeen(reader: EventReader, n: number): Promise<void> {
  await eventually(`event ${n}`, () => seenBy(reader).includes(n));
}

/** Waits until the reader knows its position, so that it gets every event that is written from now on. */
export async function isConnected(reader: EventReader): Promise<void> {
  await eventually('the place', () => reader.lastId !== undefined);
}

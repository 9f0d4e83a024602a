import { connect, type Sql } from '../../src/store/db/db.ts';
import type { ApiDeps } from '../../src/api/deps.ts';
import { eventually } from '../support/eventually.ts';
import { createDatabase } from '../support/postgres.ts';
import { followEvents, type EventReader } from './event-reader.ts';
import { startTestApi, type TestApi } from './running-api.ts';

/** A database of its own, with APIs on it and readers of their events; one for each test. */
export interface EventBench {
  readonly databaseUrl: string;
  /** For writing, past the API. */
  readonly sql: Sql;
  /** With short times and three streams at most. @param url of the database, where something stands between. */
  start(url?: string, more?: Partial<ApiDeps>): Promise<TestApi>;
  follow(api: TestApi, query?: string, headers?: Record<string, string>): Promise<EventReader>;
  /** Closes all APIs before the end, when what stands between them and PostgreSQL must end after them. */
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

/** Its place is known to it, so whatever is written now comes. */
export async function isConnected(reader: EventReader): Promise<void> {
  await eventually('the place', () => reader.lastId !== undefined);
}

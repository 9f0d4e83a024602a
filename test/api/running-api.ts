import { startApi } from '../../src/api/server.ts';
import type { ApiDeps, Runs } from '../../src/api/deps.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { connectors } from '../../src/connectors/registry.ts';
import { connect, type Sql } from '../../src/store/db/db.ts';
import { newKeyRingEntry, parseKeyRing, type KeyRing } from '../../src/store/db/key-ring.ts';
import { createDatabase } from '../support/postgres.ts';
import { createAnswerCheck } from './answer-check.ts';

export const adminKey = 'test-admin-key';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

export interface CallOptions {
  readonly headers?: Record<string, string>;
  /** Sent as JSON, unless it is a text, bytes or a stream. Those are sent unchanged. */
  readonly body?: unknown;
  /** Sends the request without a key. */
  readonly anonymous?: true;
}

/** Replaces Temporal in a test: records the requests, and can be set to be away or silent. */
export interface TestRuns {
  readonly commands: { kind: string; deliveries: string[]; by: string }[];
  /** The ids of jobs that the API wanted to start. */
  readonly jobs: string[];
  isAway: boolean;
  /** Makes every request wait for ever. */
  isSilent: boolean;
}

export interface TestApi {
  readonly url: string;
  readonly sql: Sql;
  readonly databaseUrl: string;
  readonly connectors: ApiDeps['connectors'];
  readonly ring: KeyRing;
  readonly runs: TestRuns;
  readonly pokes: () => number;
  /** The lines of the log, each a JSON text. */
  readonly log: string[];
  /** Makes one real HTTP request, and checks the answer against the OpenAPI document. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

/** Starts a real API on a new database, or on the given one. */
export async function startTestApi(databaseUrl?: string, more: Partial<ApiDeps> = {}): Promise<TestApi> {
  const database = databaseUrl === undefined ? await createDatabase() : undefined;
  const url = databaseUrl ?? database?.url ?? '';
  const sql = connect(url, { name: 'test-api', max: 4, statementTimeoutMs: 5_000 });
  const acceptSql = connect(url, { name: 'test-accept', max: 8, statementTimeoutMs: 1_000 });
  const ring = parseKeyRing(newKeyRingEntry('test'));
  const runs: TestRuns = { commands: [], jobs: [], isAway: false, isSilent: false };
  const log: string[] = [];
  let pokes = 0;
  const deps: ApiDeps = {
    sql,
    acceptSql,
    ring,
    adminKey,
    connectors,
    runs: temporalOf(runs),
    logger: createLogger({ role: 'api', level: 'info' }, { write: (line) => void log.push(line) }),
    poke: () => (pokes += 1),
    pokeInbox: () => undefined,
    keys: { find: async () => undefined },
    ...more,
  };
  const server = await startApi(deps, { host: '127.0.0.1', port: 0, closeWithinMs: 2_000 });
  const check = await createAnswerCheck(server.url);
  return {
    url: server.url,
    databaseUrl: url,
    connectors: deps.connectors,
    sql,
    ring,
    runs,
    pokes: () => pokes,
    log,
    async call(method, path, { headers = {}, body, anonymous } = {}) {
      const isJson =
        body !== undefined &&
        typeof body !== 'string' &&
        !ArrayBuffer.isView(body) &&
        !(body instanceof ReadableStream);
      const answer = await fetch(`${server.url}${path}`, {
        method,
        headers: {
          ...(anonymous === true ? {} : { authorization: `Bearer ${adminKey}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as string), duplex: 'half' }),
      } as RequestInit);
      const text = await answer.text();
      const parsed: unknown = text === '' ? undefined : JSON.parse(text);
      check(method, path, answer, parsed);
      return { status: answer.status, headers: answer.headers, body: parsed };
    },
    async close() {
      await server.close();
      await Promise.all([sql.end({ timeout: 1 }), acceptSql.end({ timeout: 1 })]);
      await database?.drop();
    },
  };
}

function temporalOf(runs: TestRuns): Runs {
  const hearing = async (): Promise<void> => {
    if (runs.isSilent) await new Promise<never>(() => undefined);
  };
  return {
    async command(kind, commands, by) {
      await hearing();
      if (runs.isAway) throw new Error('Temporal is away');
      runs.commands.push({ kind, deliveries: commands.map(({ id }) => id), by });
    },
    async startJob({ id }) {
      await hearing();
      if (runs.isAway) throw new Error('Temporal is away');
      runs.jobs.push(id);
    },
    async isReachable() {
      await hearing();
      return !runs.isAway;
    },
  };
}

export const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

/** Creates the connection `hooks` and the given destinations, each of them a webhook. */
export async function makeDestinations(api: TestApi, ids: readonly string[], more: object = {}): Promise<void> {
  const settings = { secrets: [secret] };
  await expectStatus(201, api.call('PUT', '/v1/connections/hooks', { body: { connector: 'webhook', settings } }), 200);
  for (const id of ids) {
    const body = { connection: 'hooks', address: { url: `http://127.0.0.1:9/${id}` }, ...more };
    await expectStatus(201, api.call('PUT', `/v1/destinations/${id}`, { body }), 200);
  }
}

async function expectStatus(wanted: number, call: Promise<Answer>, or = wanted): Promise<void> {
  const { status, body } = await call;
  if (status !== wanted && status !== or) throw new Error(`${status} instead of ${wanted}: ${JSON.stringify(body)}`);
}

/** The errors of an answer, each as `path code`. */
export function errorsOf({ body }: Answer): string[] {
  return ((body.errors ?? []) as { path: string; code: string }[]).map(({ path, code }) => `${path} ${code}`).sort();
}

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { plainEnvironment } from '../test/support/plain-environment.ts';
import type { Child } from './child.ts';
import type { Watched } from './cpu.ts';
import { namespace, type Stack } from './stack.ts';

/** Carillon's own processes as they are built, on one database. */
export interface Carillon {
  readonly origin: string;
  readonly watched: readonly Watched[];
  startWorker(): Promise<void>;
  stop(): Promise<void>;
}

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
const endWithBench = new URL('end-with-bench.js', import.meta.url).href;

const readyLimitMs = 30_000;
const pollMs = 50;

/** Any secret of the right form, because the sink checks no signature. */
const secret = `whsec_${Buffer.from('carillon-bench-secret-24').toString('base64')}`;

export const webhookConnection = { connector: 'webhook', settings: { secrets: [secret] } } as const;

/** Migrates the database and starts the API. `startWorker` starts the worker. */
export async function startCarillon(
  stack: Stack,
  options: {
    readonly database: string;
    readonly port: number;
    readonly sinkPort: number;
    readonly destinations: number;
    readonly profile: string | undefined;
    /** Settings in addition to those of the benchmark. */
    readonly env?: Readonly<Record<string, string>>;
    /** Settings of the API alone, such as another address of the database. */
    readonly apiEnv?: Readonly<Record<string, string>>;
  },
): Promise<Carillon> {
  const { database, port, sinkPort, destinations, profile } = options;
  const env = {
    ...plainEnvironment(),
    CARILLON_HOME: stack.home,
    CARILLON_PORT: String(port),
    CARILLON_LOG_LEVEL: 'warn',
    CARILLON_EGRESS_ALLOW: '127.0.0.0/8',
    DATABASE_URL: database,
    TEMPORAL_ADDRESS: stack.temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    ...options.env,
  };
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const start = (role: string): Child =>
    stack.start({
      name: role,
      module: main,
      args: [role],
      execArgv: ['--import', endWithBench, ...profiling],
      env: role === 'api' ? { ...env, ...options.apiEnv } : env,
    });
  const origin = `http://127.0.0.1:${port}`;

  await promisify(execFile)(process.execPath, [main, 'migrate'], { env, timeout: readyLimitMs });
  const running = [start('api')];
  await until(`${origin} to accept`, async () => (await readiness(origin)).accept === 'ok');
  await configure(origin, stack.adminKey, sinkPort, destinations);
  return {
    origin,
    get watched() {
      return running.map(({ name, pid }) => ({ name, pid }));
    },
    async startWorker() {
      running.push(start('worker'));
      await until('the worker', async () => (await readiness(origin)).delivery === 'ok');
    },
    async stop() {
      await Promise.all(running.map((child) => child.stop()));
    },
  };
}

/**
 * Checks every 50 ms until the answer is true.
 * @throws Error naming what was waited for, after `limitMs`.
 */
export async function until(what: string, check: () => Promise<boolean>, limitMs = readyLimitMs): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`waited ${limitMs / 1_000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function readiness(origin: string): Promise<Partial<Record<'accept' | 'delivery', string>>> {
  try {
    return (await (await fetch(`${origin}/readyz`)).json()) as Record<string, string>;
  } catch {
    return {}; // refused or reset, because the API is not up yet
  }
}

async function configure(origin: string, key: string, sinkPort: number, destinations: number): Promise<void> {
  const ask = askAs(origin, key);
  await ask('PUT', 'connections/hooks', webhookConnection);
  for (let index = 1; index <= destinations; index += 1)
    await ask('PUT', `destinations/sink-${index}`, {
      connection: 'hooks',
      address: { url: `http://127.0.0.1:${sinkPort}/${index}` },
    });
}

/**
 * Calls the API with a key. The path has no `/v1/`.
 * @throws Error when the answer is not 2xx.
 */
export type Ask = (method: string, path: string, body?: unknown) => Promise<Readonly<Record<string, unknown>>>;

/** @param tenant the tenant for which the administrator calls. Default: the administrator's own. */
export function askAs(origin: string, key: string, tenant?: string): Ask {
  return async (method, path, body) => {
    const response = await fetch(`${origin}/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(tenant === undefined ? {} : { 'carillon-tenant': tenant }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>>;
  };
}

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

/** Any secret of the right form: the sink checks no signature. */
const secret = `whsec_${Buffer.from('carillon-bench-secret-24').toString('base64')}`;

/** Migrates the database and serves the API on it; the worker comes when it is asked for. */
export async function startCarillon(
  stack: Stack,
  options: {
    readonly database: string;
    readonly port: number;
    readonly sinkPort: number;
    readonly destinations: number;
    readonly profile: string | undefined;
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
  };
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const start = (role: string): Child =>
    stack.start({ name: role, module: main, args: [role], execArgv: ['--import', endWithBench, ...profiling], env });
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

/** Asks until the answer is yes. @throws Error saying what was waited for, past the limit. */
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
    return {}; // refused or reset: not up yet
  }
}

async function configure(origin: string, key: string, sinkPort: number, destinations: number): Promise<void> {
  const put = async (path: string, body: unknown): Promise<void> => {
    const response = await fetch(`${origin}/v1/${path}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  };
  await put('connections/hooks', { connector: 'webhook', settings: { secrets: [secret] } });
  for (let index = 1; index <= destinations; index += 1)
    await put(`destinations/sink-${index}`, {
      connection: 'hooks',
      address: { url: `http://127.0.0.1:${sinkPort}/${index}` },
    });
}

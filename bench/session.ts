import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/up/package-root.ts';
import type { TemporalStore } from '../test/support/temporal-on-postgres.ts';
import { loadNow } from './machine.ts';
import { openStack, type Stack } from './stack.ts';
import { chooseTemporal } from './temporal-store.ts';

/** One run of the benchmark: its servers, and what is known before anything is measured. */
export interface Session {
  readonly stack: Stack;
  readonly temporal: TemporalStore;
  /** Load average before anything was started. */
  readonly load: readonly number[];
  /** When the run began, in milliseconds since 1970. */
  readonly begin: number;
  say(line: string): void;
}

/**
 * Starts the servers, measures, and always removes everything.
 * @throws Error when a server or process dies, at a signal, and after the limit, which counts from the start of the
 * servers.
 */
export async function inSession<T>(
  options: { readonly temporal: TemporalStore | undefined; readonly limitSeconds: number },
  measure: (session: Session) => Promise<T>,
): Promise<T> {
  const load = loadNow();
  const begin = Date.now();
  const say = (line: string): void =>
    console.log(`${String(Math.round((Date.now() - begin) / 1_000)).padStart(4)} s  ${line}`);
  const temporal = await chooseTemporal(options.temporal, say);
  say(`starting PostgreSQL and Temporal (${temporal === 'postgres' ? 'on PostgreSQL' : 'dev server on SQLite'})`);
  const interrupted = interruption(options.limitSeconds);
  const stack = await openStack(temporal);
  try {
    const measuring = measure({ stack, temporal, load, begin, say });
    measuring.catch(() => undefined); // a rejection after another promise won the race is only a consequence of that
    return await Promise.race([measuring, interrupted, stack.died]);
  } finally {
    await stack.remove();
  }
}

/**
 * Writes the results to bench/results.
 * @param suffix of the file's name, after the date and the commit.
 * @returns the file.
 */
export function writeResults(results: { readonly date: string; readonly commit: string }, suffix = ''): string {
  const folder = join(packageRoot(), 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${results.date.slice(0, 19).replaceAll(':', '')}-${results.commit}${suffix}.json`);
  writeFileSync(file, `${JSON.stringify(results, rounded, 2)}\n`);
  return file;
}

/** Rounds numbers to four digits, which is more than the accuracy of the measurement. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

function interruption(limitSeconds: number): Promise<never> {
  const stopped = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => reject(new Error(`stopped by ${signal}`)));
    const timer = setTimeout(() => reject(new Error(`not done within ${limitSeconds} s`)), limitSeconds * 1_000);
    timer.unref();
  });
  stopped.catch(() => undefined);
  return stopped;
}

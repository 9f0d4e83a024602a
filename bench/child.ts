import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer, Call } from './serve.ts';

export interface ChildOptions {
  /** Name of the process and of its log. */
  readonly name: string;
  readonly home: string;
  /** Path of the compiled module. */
  readonly module: string;
  readonly args?: readonly string[];
  readonly execArgv?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A Node.js process of the benchmark. Its output goes to `<home>/log/<name>.log`. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /**
   * Calls a handler of the process (`serve`).
   * @throws Error with the handler's stack, or after the limit.
   */
  call<T>(name: string, argument?: unknown, limitMs?: number): Promise<T>;
  /** Ends the process with SIGTERM and after 10 s with SIGKILL. With `hurry` it gets SIGKILL at once. */
  stop(hurry?: boolean): Promise<void>;
}

const usualLimitMs = 120_000;
const graceMs = 10_000;

/**
 * Starts a process.
 * @param onDeath called when the process ends although `stop` was not called.
 */
export function startChild(options: ChildOptions, onDeath: (reason: Error) => void): Child {
  const { name, home, module, args = [], execArgv = [], env } = options;
  const log = openSync(join(home, 'log', `${name}.log`), 'a');
  const child = fork(module, args, {
    // The process is in a group of its own, so that Ctrl-C reaches only the benchmark, which then stops all processes.
    detached: true,
    execArgv: [...execArgv],
    env: { ...env },
    serialization: 'advanced',
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  let isStopping = false;
  let last = 0;
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const ended = new Promise<void>((resolve) => {
    const end = (how: string): void => {
      const reason = new Error(`${name} ended: ${how}; see ${name}.log`);
      for (const { reject } of pending.values()) reject(reason);
      if (!isStopping) onDeath(reason);
      resolve();
    };
    // A process without a pid never emits `exit`.
    child.once('error', (error) => child.pid === undefined && end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  });
  child.on('message', (message) => {
    const answer = message as Answer;
    const waiting = pending.get(answer.id);
    pending.delete(answer.id);
    if ('error' in answer) waiting?.reject(new Error(`${name}: ${answer.error}`));
    else waiting?.resolve(answer.value);
  });
  return {
    name,
    pid: child.pid ?? 0,
    call<T>(method: string, argument?: unknown, limitMs = usualLimitMs) {
      last += 1;
      const call: Call = { id: last, name: method, argument };
      return new Promise<T>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${name}: ${method} took over ${limitMs} ms`)), limitMs);
        const done = <A>(then: (argument: A) => void) => {
          return (value: A): void => {
            clearTimeout(timer);
            then(value);
          };
        };
        pending.set(call.id, { resolve: done(resolve as (value: unknown) => void), reject: done(reject) });
        child.send(call);
      });
    },
    async stop(hurry = false) {
      isStopping = true;
      child.kill(hurry ? 'SIGKILL' : 'SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

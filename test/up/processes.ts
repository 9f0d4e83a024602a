import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ChildSpec } from '../../src/up/process/child.ts';
import { startTimeOf } from '../../src/up/process/process-identity.ts';
import type { Role } from '../../src/up/roles.ts';

/** Returns a child that runs JavaScript given as text. */
export function script(role: Role, source: string): ChildSpec {
  return { role, command: [process.execPath, '-e', source], env: process.env };
}

/** Whether a process still runs. A process that ended and was not yet waited for does not count. */
export function isAlive(pid: number): boolean {
  return startTimeOf(pid) !== undefined;
}

export interface Program {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Returns everything that it wrote so far. */
  output(): string;
  readonly exited: Promise<number | null>;
}

/** Starts a TypeScript file of this folder as a program. */
export function runProgram(file: string, env: NodeJS.ProcessEnv, ...args: string[]): Program {
  const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, ['--import', at('typescript.mjs'), at(file), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} did not start`);
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return { process: child, pid, output: () => output, exited };
}

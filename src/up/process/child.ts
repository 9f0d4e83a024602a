import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { openLog } from './log-file.ts';
import { startTimeOf } from './process-identity.ts';
import { niceness, type Role } from '../roles.ts';
import type { RunningChild } from './run-record.ts';

/** The system user that a child runs as, where it is not ours. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** How to start one role. */
export interface ChildSpec {
  readonly role: Role;
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  /** The whole environment; nothing is added. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The port it will listen on, for the record. */
  readonly port?: number;
  readonly user?: SystemUser;
  /** The supervisor's own by default. */
  readonly cwd?: string;
}

export interface LaunchedChild {
  /** Undefined when the program could not be started at all. */
  readonly record: RunningChild | undefined;
  /** Resolves when it has ended, to the exit code or to why there is none, in words: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<{ readonly code: number | null; readonly how: string }>;
}

/**
 * Starts a process that leads a group of its own, so that a Ctrl-C on the terminal reaches the supervisor only.
 * Its output goes to the role's log.
 */
export function launch(home: string, { role, command, env, port, user, cwd }: ChildSpec): LaunchedChild {
  const nice = niceness[role];
  // By nice(1), which becomes the program: a priority set from here would not reach threads that are there already.
  const [program, ...args] = nice === undefined ? command : (['nice', '-n', String(nice), ...command] as const);
  const log = openLog(home, role);
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...env },
    ...user,
    ...(cwd === undefined ? {} : { cwd }),
  });
  closeSync(log);
  const ended = new Promise<{ code: number | null; how: string }>((resolve) => {
    // Without a pid there will be no `exit`.
    child.once('error', (error) => child.pid === undefined && resolve({ code: null, how: error.message }));
    child.once('exit', (code, signal) => resolve({ code, how: signal ?? `exit code ${code}` }));
  });
  return { record: child.pid === undefined ? undefined : identify(child.pid, { role, command, port }), ended };
}

function identify(
  pid: number,
  { role, command, port }: Pick<ChildSpec, 'role' | 'command'> & { port: number | undefined },
): RunningChild {
  return {
    role,
    pid,
    ...(port === undefined ? {} : { port }),
    startedAt: new Date().toISOString(),
    // Empty where it has ended already: that matches no living process.
    startTime: startTimeOf(pid) ?? '',
    command: command.join(' '),
  };
}

import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { openLog } from './log-file.ts';
import { startTimeOf } from './process-identity.ts';
import { niceness, type Role } from '../roles.ts';
import type { RunningChild } from './run-record.ts';

/** The system user that a child runs as, when it is another one than ours. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

export interface ChildSpec {
  readonly role: Role;
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  /** The whole environment of the child. Nothing is added to it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The port that the child will listen on, for the run record. */
  readonly port?: number;
  readonly user?: SystemUser;
  /** The supervisor's own folder by default. */
  readonly cwd?: string;
}

export interface LaunchedChild {
  /** Undefined when the program could not be started. */
  readonly record: RunningChild | undefined;
  /**
   * Resolves when the child has ended. `code` is null when it has no exit code; `how` says what ended it, such as `exit
   * code 1` or `SIGKILL`.
   */
  readonly ended: Promise<{ readonly code: number | null; readonly how: string }>;
}

/**
 * Starts a process that leads its own process group, so that Ctrl-C in the terminal reaches only the supervisor. Its
 * output goes to the log of the role.
 */
export function launch(home: string, { role, command, env, port, user, cwd }: ChildSpec): LaunchedChild {
  const nice = niceness[role];
  // nice(1) sets the priority and then becomes the program. Set from here, it would miss threads that exist already.
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
    // A child without a pid emits no `exit`.
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
    // Empty when the process has ended already. An empty start time matches no living process.
    startTime: startTimeOf(pid) ?? '',
    command: command.join(' '),
  };
}

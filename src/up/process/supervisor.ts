import { type ChildSpec, launch, type LaunchedChild } from './child.ts';
import { logPath } from './log-file.ts';
import { type Role, stopOrder, stopSteps } from '../roles.ts';
import { writeRunRecord } from './run-record.ts';
import { stopProcess } from './stop-process.ts';

/** The wait before a child that died is started again: `firstMs`, doubled for each failure in a row, up to `mostMs`. */
export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
  /** A child that lived this long starts again from `firstMs`. */
  readonly resetAfterMs: number;
}

const defaultBackoff: Backoff = { firstMs: 1_000, mostMs: 30_000, resetAfterMs: 60_000 };

export interface Supervisor {
  /** Starts a child and keeps it running until `stop`. */
  start(spec: ChildSpec): void;
  /** Runs a child until it ends. Resolves to its exit code, or to null when it has none. */
  run(spec: ChildSpec): Promise<number | null>;
  /** How often in a row a child has ended before it lived for `resetAfterMs`. */
  failures(role: Role): number;
  /** Stops all children in order and starts no more. A second call waits for the same end. */
  stop(hurry?: AbortSignal): Promise<void>;
}

interface Kept {
  readonly spec: ChildSpec;
  running: LaunchedChild | undefined;
  restart: NodeJS.Timeout | undefined;
  failures: number;
}

/**
 * Starts processes, restarts those that die, and stops all of them in order. Each change is written to the run record
 * at once, so that the next start finds every process that a killed supervisor left behind.
 * @param say gets one line for each child that dies.
 */
export function createSupervisor(
  home: string,
  say: (line: string) => void,
  backoff: Backoff = defaultBackoff,
): Supervisor {
  const children = new Map<Role, Kept>();
  let stopped: Promise<void> | undefined;

  const record = (): void => {
    try {
      writeRunRecord(
        home,
        [...children.values()].flatMap(({ running }) => running?.record ?? []),
      );
    } catch (error) {
      // A full disk must not end the supervisor and leave its children without one. Only the next start lacks the
      // record.
      say(`what is running could not be recorded: ${(error as Error).message}`);
    }
  };

  const begin = (child: Kept): LaunchedChild => {
    child.running = launch(home, child.spec);
    record();
    return child.running;
  };

  const end = (child: Kept): void => {
    child.running = undefined;
    record();
  };

  const keep = (child: Kept): void => {
    const startedAt = Date.now();
    void begin(child).ended.then(({ how }) => {
      end(child);
      if (Date.now() - startedAt >= backoff.resetAfterMs) child.failures = 0;
      if (stopped === undefined) restartLater(child, how);
    });
  };

  const restartLater = (child: Kept, how: string): void => {
    const waitMs = Math.min(backoff.firstMs * 2 ** child.failures, backoff.mostMs);
    child.failures += 1;
    const { role } = child.spec;
    say(`${role} ended (${how}); starting it again in ${waitMs / 1_000} s; its log: ${logPath(home, role)}`);
    child.restart = setTimeout(() => {
      try {
        keep(child);
      } catch (error) {
        restartLater(child, (error as Error).message);
      }
    }, waitMs);
  };

  const add = (spec: ChildSpec): Kept => {
    if (stopped !== undefined) throw new Error(`${spec.role} cannot start: the supervisor is stopping`);
    const child: Kept = { spec, running: undefined, restart: undefined, failures: 0 };
    children.set(spec.role, child);
    return child;
  };

  const stopAll = async (hurry: AbortSignal | undefined): Promise<void> => {
    for (const child of children.values()) clearTimeout(child.restart);
    for (const group of stopOrder)
      await Promise.all(
        group.map(async (role) => {
          const running = children.get(role)?.running;
          if (running?.record !== undefined) await stopProcess(running.record, stopSteps[role], hurry);
          await running?.ended;
        }),
      );
  };

  return {
    start: (spec) => keep(add(spec)),
    run: async (spec) => {
      const child = add(spec);
      const { code } = await begin(child).ended;
      end(child);
      return code;
    },
    failures: (role) => children.get(role)?.failures ?? 0,
    stop: (hurry) => (stopped ??= stopAll(hurry)),
  };
}

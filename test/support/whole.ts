import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createClient, type Client } from './client.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { testFolder } from './test-folder.ts';

/**
 * All of `npm start` as a user runs it (supervisor, PostgreSQL, Temporal, simulators, API and worker), in its own home.
 */
export interface Whole extends Client {
  readonly home: string;
  readonly simulators: string;
  readonly ports: { readonly temporal: number; readonly postgres: number; readonly temporalUi: number };
  /** Starts it, also again, and waits for `carillon ready`. */
  start(): Promise<void>;
  /** Returns what it has printed since its last start. */
  screen(): string;
  pidOf(role: string): number;
  /** Sends SIGKILL to all its processes, the supervisor first, and resolves when all are gone. */
  killAll(): Promise<void>;
  /** Kills one server and keeps the supervisor from starting it again until the returned function is called. */
  outage(role: string): Promise<() => void>;
  /** SIGTERM to the supervisor; resolves to its exit code. */
  stop(): Promise<number | null>;
  /** Stops all its processes and removes the home. */
  remove(): Promise<void>;
}

interface RunRecord {
  readonly children: readonly { readonly role: string; readonly pid: number }[];
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

export async function createWhole(env: Record<string, string> = {}): Promise<Whole> {
  const home = mkdtempSync(join(testFolder(), 'carillon-whole-'));
  chmodSync(home, 0o711);
  const [api, simulators, postgres, temporal, temporalUi] = await Promise.all(Array.from({ length: 5 }, freePort));
  const adminKey = 'whole-admin-key';
  const log = join(home, 'screen.log');
  let supervisor: ChildProcess | undefined;
  const children = (): RunRecord['children'] =>
    (JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as RunRecord).children;
  const running = (): ChildProcess => {
    if (supervisor === undefined) throw new Error('it was never started');
    return supervisor;
  };
  const client = createClient(`http://127.0.0.1:${api}`, `http://127.0.0.1:${simulators}`, adminKey);
  const whole: Whole = {
    ...client,
    home,
    simulators: `http://127.0.0.1:${simulators}`,
    ports: { temporal: temporal ?? 0, postgres: postgres ?? 0, temporalUi: temporalUi ?? 0 },
    async start() {
      const screen = openSync(log, 'w');
      const started = spawn(process.execPath, [resolve('dist/src/main.js'), 'up'], {
        stdio: ['ignore', screen, screen],
        detached: true,
        env: {
          ...process.env,
          CARILLON_HOME: home,
          CARILLON_ADMIN_KEY: adminKey,
          CARILLON_PORT: String(api),
          SIMULATORS_PORT: String(simulators),
          POSTGRES_PORT: String(postgres),
          TEMPORAL_PORT: String(temporal),
          TEMPORAL_UI_PORT: String(temporalUi),
          ...env,
        },
      });
      // A second start of the same home ends on its own. The test must still stop the first one.
      if (supervisor === undefined || supervisor.exitCode !== null || supervisor.signalCode !== null)
        supervisor = started;
      await eventually(
        'carillon ready',
        () => {
          if (started.exitCode !== null) throw new Error(`it ended with ${started.exitCode}:\n${whole.screen()}`);
          return whole.screen().includes('carillon ready');
        },
        90_000,
      );
    },
    screen: () => readFileSync(log, 'utf8'),
    pidOf(role) {
      const child = children().find((one) => one.role === role);
      if (child === undefined) throw new Error(`no ${role} is running`);
      return child.pid;
    },
    async killAll() {
      const pids = children().map(({ pid }) => pid);
      const ended = once(running(), 'exit');
      running().kill('SIGKILL');
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await ended;
      await eventually('all are gone', () => !pids.some(isAlive));
    },
    async outage(role) {
      const pid = whole.pidOf(role);
      running().kill('SIGSTOP');
      process.kill(pid, 'SIGKILL');
      // The stopped supervisor cannot reap the process, so it stays a zombie.
      await eventually(`${role} is gone`, () => !isAlive(pid));
      return () => running().kill('SIGCONT');
    },
    async stop() {
      const child = running();
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, 'exit') as Promise<[number | null]>;
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      return (await ended)[0];
    },
    async remove() {
      const pids = children().map(({ pid }) => pid);
      await whole.stop();
      await eventually('nothing is left running', () => !pids.some(isAlive));
      rmSync(home, { recursive: true, force: true });
    },
  };
  return whole;
}

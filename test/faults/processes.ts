import { join } from 'node:path';
import { launch, type ChildSpec, type LaunchedChild } from '../../src/up/process/child.ts';
import { waitGone } from '../../src/up/process/process-identity.ts';
import { stopSteps } from '../../src/up/roles.ts';
import { writeRunRecord, type RunningChild } from '../../src/up/process/run-record.ts';
import { signalIfThere, stopProcess } from '../../src/up/process/stop-process.ts';

/** A process that ended although the soak did not ask it to. */
export interface Death {
  readonly name: string;
  readonly how: string;
  readonly at: string;
}

/** The processes of a rig by name, each with its own log at `<home>/<name>/log`. */
export interface Processes {
  /**
   * Starts a process. `spec` is called at each start. A process that ends on its own is recorded as a death and started
   * again after a second.
   */
  start(name: string, spec: () => ChildSpec | Promise<ChildSpec>): Promise<void>;
  /** Sends SIGKILL to the process and its group, and resolves when it is gone. It stays down until `restart`. */
  kill(name: string): Promise<void>;
  /** Stops the process in order, as an operator would. It stays down until `restart`. */
  stop(name: string): Promise<void>;
  restart(name: string): Promise<void>;
  /** Process id; undefined while the process is down. */
  pidOf(name: string): number | undefined;
  readonly deaths: readonly Death[];
  /** Kills all processes. None is started after this. */
  end(): Promise<void>;
}

interface Kept {
  readonly name: string;
  readonly spec: () => ChildSpec | Promise<ChildSpec>;
  current: { spec: ChildSpec; launched: LaunchedChild } | undefined;
  /** Whether the process should run. */
  wanted: boolean;
}

const again = 1_000;
const killedLimitMs = 10_000;

/** @param home the folder of the record with which a later run finds the processes that a killed run left. */
export function createProcesses(home: string): Processes {
  const kept = new Map<string, Kept>();
  const deaths: Death[] = [];
  let ended = false;

  const record = (): void => {
    if (!ended)
      writeRunRecord(
        home,
        [...kept.values()].flatMap(({ current }) => current?.launched.record ?? []),
      );
  };
  const find = (name: string): Kept => {
    const one = kept.get(name);
    if (one === undefined) throw new Error(`no process is called ${name}`);
    return one;
  };
  const folder = (name: string): string => join(home, name);

  const begin = async (one: Kept): Promise<void> => {
    one.wanted = true;
    const spec = await one.spec();
    if (ended) return;
    const launched = launch(folder(one.name), spec);
    const current = { spec, launched };
    one.current = current;
    record();
    void launched.ended.then(({ how }) => {
      if (one.current !== current) return;
      one.current = undefined;
      if (ended || !one.wanted) return;
      deaths.push({ name: one.name, how, at: new Date().toISOString() });
      setTimeout(() => {
        if (!ended && one.wanted && one.current === undefined)
          begin(one).catch((error: unknown) =>
            deaths.push({ name: one.name, how: `not started: ${String(error)}`, at: new Date().toISOString() }),
          );
      }, again);
    });
  };
  const end = async (one: Kept, how: (record: RunningChild, spec: ChildSpec) => Promise<unknown>): Promise<void> => {
    one.wanted = false;
    const { current } = one;
    if (current?.launched.record === undefined) return;
    await how(current.launched.record, current.spec);
    await current.launched.ended;
  };
  const killNow = async (child: RunningChild): Promise<void> => {
    signalIfThere(-child.pid, 'SIGKILL');
    if (!(await waitGone(child, killedLimitMs))) throw new Error(`process ${child.pid} survived SIGKILL`);
  };

  return {
    async start(name, spec) {
      const one: Kept = { name, spec, current: undefined, wanted: true };
      kept.set(name, one);
      await begin(one);
    },
    kill: (name) => end(find(name), killNow),
    stop: (name) => end(find(name), (child, spec) => stopProcess(child, stopSteps[spec.role])),
    async restart(name) {
      const one = find(name);
      if (one.current === undefined) await begin(one);
    },
    pidOf: (name) => find(name).current?.launched.record?.pid,
    deaths,
    async end() {
      ended = true;
      // Processes that depend on others end first, so that no log fills with lost connections.
      for (const one of [...kept.values()].reverse()) await end(one, killNow);
    },
  };
}

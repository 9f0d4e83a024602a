import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { parseMachineBusy, parseProcessStat, type ProcessTimes } from './proc.ts';
import { sum } from './statistics.ts';

/** A process whose CPU time is measured, and its name in the result. */
export interface Watched {
  readonly name: string;
  readonly pid: number;
}

/** CPU times up to one moment, in milliseconds. */
export interface CpuSnapshot {
  readonly at: number;
  readonly machineMs: number;
  readonly byName: ReadonlyMap<string, number>;
  /** CPU time of main threads. The main thread of a Node.js process runs our code and all input and output. */
  readonly mainThreads: ReadonlyMap<string, number>;
  /** CPU time of the living backends of PostgreSQL, by pid. */
  readonly backends: ReadonlyMap<number, number>;
}

/** CPU time between two snapshots. */
export interface CpuSpent {
  readonly wallMs: number;
  /** Milliseconds of CPU by name of the process. */
  readonly byName: Readonly<Record<string, number>>;
  readonly mainThreads: Readonly<Record<string, number>>;
  /** Number of cores that everything else on this machine used, or that its host did not give. */
  readonly othersCores: number;
  readonly backends: ReadonlyMap<number, number>;
}

const isLinux = process.platform === 'linux';
const ticks = isLinux ? Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : 100;

/** Name of the process whose children count as its own: PostgreSQL's backends. */
const parentName = 'postgres';

/** Reads the CPU times of these processes. Empty on systems other than Linux. */
export function snapshotCpu(watched: readonly Watched[]): CpuSnapshot {
  const at = performance.now();
  if (!isLinux) return { at, machineMs: Number.NaN, byName: new Map(), mainThreads: new Map(), backends: new Map() };
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => read(`/proc/${pid}/stat`) ?? []);
  const own = new Map(all.map((one) => [one.pid, one]));
  const byName = new Map<string, number>();
  const mainThreads = new Map<string, number>();
  const backends = new Map<number, number>();
  for (const { name, pid } of watched) {
    const times = own.get(pid);
    if (times === undefined) throw new Error(`${name} (pid ${pid}) is gone`);
    mainThreads.set(name, read(`/proc/${pid}/task/${pid}/stat`)?.ownMs ?? 0);
    if (name !== parentName) byName.set(name, times.ownMs);
    else {
      const children = all.filter(({ parent }) => parent === pid);
      for (const child of children) backends.set(child.pid, child.ownMs);
      byName.set(name, times.ownMs + times.reapedMs + sum(backends.values()));
    }
  }
  return { at, machineMs: parseMachineBusy(readFileSync('/proc/stat', 'utf8'), ticks), byName, mainThreads, backends };
}

function read(path: string): ProcessTimes | undefined {
  try {
    return parseProcessStat(readFileSync(path, 'utf8'), ticks);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined; // it ended after the folder was listed
    throw error;
  }
}

export function cpuBetween(before: CpuSnapshot, after: CpuSnapshot): CpuSpent {
  const spent = <Key>(from: ReadonlyMap<Key, number>, to: ReadonlyMap<Key, number>): [Key, number][] =>
    [...to].map(([key, ms]) => [key, ms - (from.get(key) ?? 0)]);
  const byName = spent(before.byName, after.byName);
  const wallMs = after.at - before.at;
  const ours = sum(byName.map(([, ms]) => ms));
  return {
    wallMs,
    byName: Object.fromEntries(byName),
    mainThreads: Object.fromEntries(spent(before.mainThreads, after.mainThreads)),
    othersCores: Math.max(0, after.machineMs - before.machineMs - ours) / wallMs,
    backends: new Map(spent(before.backends, after.backends)),
  };
}

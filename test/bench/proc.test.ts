import { cpuBetween, type CpuSnapshot } from '../../bench/cpu.ts';
import { parseMachineBusy, parseProcessStat } from '../../bench/proc.ts';

describe('reading /proc/<pid>/stat', () => {
  const line = (name: string): string =>
    `4711 (${name}) S 12 4711 4711 0 -1 4194304 900 80 0 0 250 50 30 20 20 0 11 0 99999 1000000 5000 18446744073709551615`;

  it('the CPU time of a process is read in milliseconds, apart from that of its dead children', () => {
    expect(parseProcessStat(line('node'), 100)).toEqual({ pid: 4711, parent: 12, ownMs: 3_000, reapedMs: 500 });
  });

  it('the CPU time of a process depends on the tick rate of the system', () => {
    expect(parseProcessStat(line('node'), 1_000)).toMatchObject({ ownMs: 300, reapedMs: 50 });
  });

  it.each(['tokio-runtime-w', 'a b', 'postgres: x) S 1 (y', ') R 9 9'])(
    'the CPU time of a process that is called %s is read correctly',
    (name) => {
      expect(parseProcessStat(line(name), 100)).toMatchObject({ parent: 12, ownMs: 3_000 });
    },
  );
});

describe('reading /proc/stat', () => {
  it("the machine's busy time leaves out idling and waiting for disks, and counts time that the host took", () => {
    const text = 'cpu  100 10 40 5000 300 1 2 7 0 0\ncpu0 50 5 20 2500 150 0 1 3 0 0\nintr 1 2 3\n';
    expect(parseMachineBusy(text, 100)).toBe(1_600);
  });
});

describe('CPU time between two moments', () => {
  const snapshot = (part: Partial<CpuSnapshot>): CpuSnapshot => ({
    at: 0,
    machineMs: 0,
    byName: new Map(),
    mainThreads: new Map(),
    backends: new Map(),
    ...part,
  });

  it("the CPU time between two moments is a difference, and the rest of the machine's time is that of others", () => {
    const spent = cpuBetween(
      snapshot({
        at: 1_000,
        machineMs: 10_000,
        byName: new Map([['worker', 500]]),
        mainThreads: new Map([['worker', 200]]),
      }),
      snapshot({
        at: 3_000,
        machineMs: 13_000,
        byName: new Map([['worker', 2_500]]),
        mainThreads: new Map([['worker', 900]]),
      }),
    );
    expect(spent).toMatchObject({ wallMs: 2_000, byName: { worker: 2_000 }, mainThreads: { worker: 700 } });
    expect(spent.othersCores).toBeCloseTo(0.5);
  });

  it('the CPU time of a new database backend counts from its start', () => {
    const spent = cpuBetween(
      snapshot({ backends: new Map([[7, 100]]) }),
      snapshot({
        at: 1,
        backends: new Map([
          [7, 130],
          [8, 40],
        ]),
      }),
    );
    expect([...spent.backends]).toEqual([
      [7, 30],
      [8, 40],
    ]);
  });

  it('the CPU time of other processes is never negative', () => {
    expect(cpuBetween(snapshot({}), snapshot({ at: 10, byName: new Map([['api', 50]]) })).othersCores).toBe(0);
  });
});

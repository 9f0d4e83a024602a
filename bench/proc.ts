/** What `/proc/<pid>/stat` says of a process. Times are milliseconds of CPU. */
export interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** User and system time of the process itself, of all its threads. */
  readonly ownMs: number;
  /** User and system time of its children that have ended and were waited for. */
  readonly reapedMs: number;
}

/**
 * Reads the text of `/proc/<pid>/stat`.
 * @param ticks ticks per second, from `getconf CLK_TCK`.
 */
export function parseProcessStat(text: string, ticks: number): ProcessTimes {
  // The second field is the name of the program in brackets. It may contain spaces and brackets itself.
  const end = text.lastIndexOf(')');
  const fields = text
    .slice(end + 2)
    .trim()
    .split(' ')
    .map(Number);
  const at = (index: number): number => fields[index] ?? Number.NaN;
  const ms = (...indexes: number[]): number => (indexes.reduce((total, index) => total + at(index), 0) / ticks) * 1_000;
  return {
    pid: Number.parseInt(text, 10),
    parent: at(1),
    ownMs: ms(11, 12),
    reapedMs: ms(13, 14),
  };
}

/** Reads from `/proc/stat` the milliseconds of CPU that this machine was busy, or that its host did not give it. */
export function parseMachineBusy(text: string, ticks: number): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = (/^cpu +(.*)$/m.exec(text)?.[1] ?? '')
    .split(' ')
    .map(Number);
  return ((user + nice + system + irq + softIrq + steal) / ticks) * 1_000;
}

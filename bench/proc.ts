/** What `/proc/<pid>/stat` says of one process; times in milliseconds of CPU. */
export interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** User and system time of the process itself, all threads. */
  readonly ownMs: number;
  /** Of its children that have ended and were waited for. */
  readonly reapedMs: number;
}

/** @param ticks per second, as `getconf CLK_TCK` says. */
export function parseProcessStat(text: string, ticks: number): ProcessTimes {
  // The second field is the program's name in brackets and may itself hold spaces and brackets.
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

/** Milliseconds of CPU that this machine has spent on anything, or was not given by its host, from `/proc/stat`. */
export function parseMachineBusy(text: string, ticks: number): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = (/^cpu +(.*)$/m.exec(text)?.[1] ?? '')
    .split(' ')
    .map(Number);
  return ((user + nice + system + irq + softIrq + steal) / ticks) * 1_000;
}

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import type postgres from 'postgres';

/** The machine and the versions with which a run was made. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly postgres: string;
  readonly temporal: string;
  /** Load average over 1, 5 and 15 minutes before the run. */
  readonly load: readonly number[];
}

export interface Version {
  /** Short hash of the commit; `unknown` outside of a git checkout. */
  readonly commit: string;
  /** Whether files differ from that commit. */
  readonly changed: boolean;
}

export async function describeMachine(sql: postgres.Sql, temporal: string, load: readonly number[]): Promise<Machine> {
  const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`;
  const [processor] = cpus();
  return {
    cores: cpus().length,
    cpu: processor?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.versions.node,
    postgres: row?.version ?? 'unknown',
    temporal,
    load,
  };
}

export const loadNow = (): readonly number[] => loadavg().map((value) => Math.round(value * 100) / 100);

export function describeVersion(): Version {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return { commit: git('rev-parse', '--short', 'HEAD'), changed: git('status', '--porcelain') !== '' };
  } catch {
    return { commit: 'unknown', changed: true }; // without git or a checkout the figures are still valid
  }
}

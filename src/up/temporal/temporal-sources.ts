import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { inherited } from '../environment.ts';
import { buildWithGo, type GoProgram } from './go-build.ts';
import { runCommand } from '../process/run-command.ts';
import type { Screen } from '../screen.ts';
import type { TemporalSource } from './temporal-binary.ts';
import { downloadTemporal } from './temporal-download.ts';

/** The release that Carillon was built and measured with. tools/temporal pins the same one. */
const release = { cli: '1.5.1', server: '1.29.7' } as const;

const cli: GoProgram = {
  title: 'Temporal',
  tool: 'temporal',
  path: 'github.com/temporalio/cli/cmd/temporal',
  usually: 'about 6 minutes',
};

/** The oldest server version that has priorities in the new matcher, and eager activities with our settings. */
const leastServer = [1, 29] as const;

/** Where the program is kept between starts, by version. All clones of one user share it. */
export function temporalCachePath(): string {
  const cache = inherited('XDG_CACHE_HOME') ?? join(homedir(), '.cache');
  return join(cache, 'carillon', `temporal-${release.cli}-server-${release.server}`, 'temporal');
}

/** The ways to get the `temporal` program, the cheapest first. None of them is used when TEMPORAL_ADDRESS is set. */
export function temporalSources(screen: Screen): readonly TemporalSource[] {
  const cached = temporalCachePath();
  return [
    { name: '`temporal` on PATH', limitMs: 15_000, find: findOnPath },
    { name: `an earlier build or download, ${cached}`, limitMs: 15_000, find: (signal) => checked(cached, signal) },
    {
      name: 'download of the Temporal CLI from temporal.download',
      limitMs: 10 * 60_000,
      find: async (signal) => checked(await downloadTemporal(release.cli, cached, screen, signal), signal),
    },
    {
      name: '`go build` in tools/temporal (needs Go; about 6 minutes, once)',
      limitMs: 40 * 60_000,
      find: async (signal) => checked(await buildWithGo(cli, cached, screen, signal), signal),
    },
  ];
}

async function findOnPath(signal: AbortSignal): Promise<string> {
  for (const folder of (inherited('PATH') ?? '').split(delimiter)) {
    const path = join(folder, 'temporal');
    if (folder !== '' && (await isExecutable(path))) return checked(path, signal);
  }
  throw new Error('not found');
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // This folder has no program for us, for whatever reason. The next one may have it.
    return false;
  }
}

/**
 * Checks that the program runs on this machine and contains a server that is new enough.
 * @returns the path.
 */
async function checked(path: string, signal: AbortSignal): Promise<string> {
  if (!(await isExecutable(path))) throw new Error('not there');
  const version = await runCommand([path, '--version'], { signal });
  const [, major, minor] = /Server (\d+)\.(\d+)/.exec(version) ?? [];
  const server = [Number(major), Number(minor)] as const;
  if (!(server[0] > leastServer[0] || (server[0] === leastServer[0] && server[1] >= leastServer[1])))
    throw new Error(`${path} is "${version.trim()}", but server ${leastServer.join('.')} or newer is needed`);
  return path;
}

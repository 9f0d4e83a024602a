import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { startTimeOf } from '../process/process-identity.ts';
import { runCommand } from '../process/run-command.ts';
import type { Screen } from '../screen.ts';

/** How often a build that nobody watches says that it is still going on. */
const quietMs = 30_000;

/** A program that one of the Go modules in `tools` pins. */
export interface GoProgram {
  /** As the screen names it. */
  readonly title: string;
  /** Folder in `tools` with go.mod and go.sum. */
  readonly tool: string;
  /** Import path of its main package. */
  readonly path: string;
  /** How long a first build takes, in words. */
  readonly usually: string;
}

/**
 * Builds a program and puts it at `target`. Each build writes a file of its own and moves it into place, so that two
 * at once only waste time.
 * @throws Error when Go is missing or the build fails.
 */
export async function buildWithGo(
  { title, tool, path, usually }: GoProgram,
  target: string,
  screen: Screen,
  signal: AbortSignal,
): Promise<string> {
  const cwd = join(packageRoot(), 'tools', tool);
  const building = `${target}.building.${process.pid}`;
  await mkdir(dirname(target), { recursive: true });
  await removeAbandoned(target);
  await runCommand(['go', 'version'], { signal });
  const stopClock = startClock(`building ${title} with Go (${usually}, once)`, screen);
  try {
    await runCommand(['go', 'build', '-o', building, path], { cwd, signal });
    await rename(building, target);
  } finally {
    stopClock();
    await rm(building, { force: true });
  }
  return target;
}

/** Builds that were killed leave up to 250 MB each. */
async function removeAbandoned(target: string): Promise<void> {
  const prefix = `${basename(target)}.building.`;
  for (const name of await readdir(dirname(target))) {
    const abandoned = name.startsWith(prefix) && startTimeOf(Number(name.slice(prefix.length))) === undefined;
    if (abandoned) await rm(join(dirname(target), name), { force: true });
  }
}

function startClock(what: string, screen: Screen): () => void {
  const startedAt = Date.now();
  const text = (): string => {
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    return `${what}: ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  };
  screen.say(text());
  const timer = setInterval(
    () => (screen.live ? screen.progress(text()) : screen.say(text())),
    screen.live ? 1_000 : quietMs,
  );
  return () => clearInterval(timer);
}

import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { startTimeOf } from '../process/process-identity.ts';
import { runCommand } from '../process/run-command.ts';
import type { Screen } from '../screen.ts';

/** How often a build reports that it still runs, when the output is not a terminal. */
const quietMs = 30_000;

/** A program that one of the Go modules in `tools` pins. */
export interface GoProgram {
  /** The name that the screen shows. */
  readonly title: string;
  /** The folder in `tools` that has go.mod and go.sum. */
  readonly tool: string;
  /** The import path of the main package. */
  readonly path: string;
  /** The usual time of a first build, in words. */
  readonly usually: string;
}

/**
 * Builds a program and puts it at `target`. Each build writes its own file and then renames it, so that two builds at
 * the same time do no harm.
 * @returns `target`.
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

/** Removes files of builds that were killed, each up to 250 MB. */
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

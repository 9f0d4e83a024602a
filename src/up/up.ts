import { mkdirSync } from 'node:fs';
import type { Config } from '../config.ts';
import { announcement, urlsOf } from './announce.ts';
import { createDemo } from './demo/demo.ts';
import { takeLock } from './process/lock.ts';
import { stopOrphans } from './process/orphans.ts';
import { portsFor, type Ports } from './program.ts';
import { createScreen, type Screen } from './screen.ts';
import { start, type StartParts } from './start.ts';
import { StartError } from './start-error.ts';
import { listenForStop, type StopSignals } from './process/stop-signals.ts';
import { createSupervisor } from './process/supervisor.ts';

/** Replacements that a test makes for parts of the start. */
export interface UpParts extends StartParts {
  readonly screen?: Screen;
}

/**
 * Runs everything on this machine in the foreground: starts it, watches it, and stops it in order after a signal. Only
 * one of these can run for each home.
 * @returns the exit code: 0 after a signal, 1 when the start failed. The screen says why.
 */
export async function up(config: Config, parts: UpParts = {}): Promise<number> {
  const { screen = createScreen() } = parts;
  const signals = listenForStop();
  try {
    return await holdingLock(config, screen, signals, parts);
  } catch (error) {
    // Waits that a signal cut short also end in an error. That is not a failure.
    if (signals.stop.aborted) return 0;
    screen.say(error instanceof StartError ? error.message : String((error as Error).stack));
    return 1;
  } finally {
    signals.release();
  }
}

async function holdingLock(config: Config, screen: Screen, signals: StopSignals, parts: UpParts): Promise<number> {
  const { home } = config;
  // Other users may pass through and not list it: when we are root, PostgreSQL runs as another user.
  mkdirSync(home, { recursive: true, mode: 0o711 });
  let ports: Ports | undefined;
  const startedAt = new Date().toISOString();
  const lock = await takeLock(home, () => ({
    pid: process.pid,
    startedAt,
    urls: ports === undefined ? {} : urlsOf(config, ports),
  }));
  try {
    const orphans = await stopOrphans(home);
    if (orphans.length > 0)
      screen.say(`stopped what an earlier start left running: ${orphans.map(({ role }) => role).join(', ')}`);
    ports = await portsFor(config, screen.say);
    return await supervised(config, ports, screen, signals, parts);
  } finally {
    await lock.release();
  }
}

async function supervised(
  config: Config,
  ports: Ports,
  screen: Screen,
  { stop, hurry }: StopSignals,
  parts: UpParts,
): Promise<number> {
  const supervisor = createSupervisor(config.home, screen.say);
  // Stop now and not after the current step, because a migration may take minutes.
  stop.addEventListener('abort', () => {
    screen.say('stopping (Ctrl-C once more: at once)');
    void supervisor.stop(hurry);
  });
  try {
    await start({ config, ports, supervisor, screen, signal: stop }, parts);
    const demo = createDemo(config, ports, screen.say, stop);
    await demo.configure();
    for (const line of announcement(config, ports)) screen.say(line);
    await demo.show();
    await aborted(stop);
    return 0;
  } finally {
    await supervisor.stop(hurry);
    if (stop.aborted) screen.say('stopped');
  }
}

/** Resolves when a signal has come, and keeps the process alive until then. */
async function aborted(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => undefined, 2 ** 30);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearInterval(alive);
}

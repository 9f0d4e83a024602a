import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inheritedEnvironment } from '../environment.ts';
import { signalIfThere } from './stop-process.ts';

export interface CommandOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
}

/** Only the end of the output is kept, because it says why a command failed. */
const keptCharacters = 4_000;

/** The time between SIGINT and SIGKILL for a command that is aborted. */
const tidyMs = 2_000;

/**
 * Runs a command in its own process group until it ends. Aborting `signal` ends the whole group.
 * @returns the last 4000 characters of stdout and stderr.
 * @throws Error when the command cannot be started, is aborted, or exits with a code other than 0. The message then has
 * the last line of the output.
 */
export async function runCommand(
  [program, ...args]: readonly [string, ...string[]],
  { signal, cwd }: CommandOptions,
): Promise<string> {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inheritedEnvironment() },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-keptCharacters);
    });
  let kill: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    if (child.pid === undefined) return;
    signalIfThere(-child.pid, 'SIGINT');
    kill = setTimeout(signalIfThere, tidyMs, -child.pid, 'SIGKILL');
  };
  signal.addEventListener('abort', interrupt);
  try {
    const [code, killer] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    signal.throwIfAborted();
    if (code !== 0)
      throw new Error(`${program}: ${output.trim().split('\n').at(-1) || (killer ?? `exit code ${code}`)}`);
    return output;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error(`${program}: not found`, { cause: error });
    throw error;
  } finally {
    clearTimeout(kill);
    signal.removeEventListener('abort', interrupt);
  }
}

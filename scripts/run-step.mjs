import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * How many lines of a failed step's output are shown from its beginning, where npm says why, and from its end, where
 * tsc counts the errors.
 */
const shownLines = 20;

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Resolves to the exit code of a child, or to 128 + n when signal n ended it, as in a shell.
 * @returns {Promise<number>}
 */
const exitCode = (child) =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });

/**
 * Runs a program on this terminal and passes signals on to it.
 * @returns its exit code.
 */
export async function runInFront(program, args) {
  const child = spawn(program, args, { stdio: 'inherit' });
  return withSignals(child, () => exitCode(child));
}

/**
 * Runs a step quietly: prints one line when the step starts, and its output only when it fails. A failure ends this
 * process with the step's exit code. A signal ends the step and this process.
 */
export async function runStep(title, program, args) {
  console.log(`${title}…`);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
  const code = await withSignals(child, () => exitCode(child));
  if (code === 0) return;
  const lines = output.trimEnd().split('\n');
  const left = lines.length - 2 * shownLines;
  if (left > 0) lines.splice(shownLines, left, `[${left} lines left out]`);
  console.error(lines.join('\n'));
  console.error(`${title} failed: ${program} ${args.join(' ')} (exit code ${code})`);
  process.exit(code);
}

async function withSignals(child, run) {
  const forward = (signal) => child.kill(signal);
  for (const signal of forwarded) process.on(signal, forward);
  try {
    return await run();
  } finally {
    for (const signal of forwarded) process.off(signal, forward);
  }
}

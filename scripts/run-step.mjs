import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** How much of a failed step's output is shown from its beginning, where npm says why, and its end, where tsc counts. */
const shownLines = 20;

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** @type {Promise<number>} the exit code of a child; 128 + n where signal n ended it, as shells have it. */
const exitCode = (child) =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });

/**
 * Runs a program on our terminal and hands our signals on to it.
 * @returns its exit code.
 */
export async function runInFront(program, args) {
  const child = spawn(program, args, { stdio: 'inherit' });
  return withSignals(child, () => exitCode(child));
}

/**
 * Runs one step quietly: a line when it begins, its output only when it fails, and then the process ends with it.
 * A signal ends the step and us.
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

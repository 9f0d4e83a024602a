import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { parseDuration } from '../../src/domain/retry.ts';
import type { SoakOptions } from './soak.ts';

/** An argument of the soak is wrong. */
export class ArgumentError extends Error {
  override name = 'ArgumentError';
}

export interface SoakArguments extends Omit<SoakOptions, 'say'> {
  /** The file for the result; undefined for a file in the temporary folder. */
  readonly json: string | undefined;
}

/**
 * Messages per second that two cores deliver, about, while faults strike. It gives the time over which the posts are
 * spread.
 */
const usualRate = 12;
const leastDurationMs = 60_000;
const usual = { messages: '5000', conversations: '200', every: '3s', rest: '15m', temporal: 'postgres' } as const;
const largestSeed = 2 ** 31;

/**
 * Reads `--messages`, `--conversations`, `--seed` (or SEED), `--duration`, `--every` (time between two faults),
 * `--rest` (how long to wait until all deliveries are at rest), `--temporal postgres|sqlite`, `--edits` (or EDITS=1)
 * and `--json <file>`.
 * @throws ArgumentError naming the wrong argument.
 */
export function readSoakArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): SoakArguments {
  const values = read(args);
  const messages = whole('messages', values.messages ?? usual.messages, 1, 1_000_000);
  const temporal = values.temporal ?? usual.temporal;
  if (temporal !== 'postgres' && temporal !== 'sqlite')
    throw new ArgumentError(`--temporal ${temporal}: postgres or sqlite is wanted`);
  const usualDuration = `${Math.max(leastDurationMs, Math.ceil(messages / usualRate) * 1_000)}ms`;
  return {
    seed: whole('seed', values.seed ?? env['SEED'] ?? String(randomInt(largestSeed)), 0, largestSeed),
    messages,
    conversations: whole('conversations', values.conversations ?? usual.conversations, 1, 100_000),
    durationMs: duration('duration', values.duration ?? usualDuration),
    faultEveryMs: duration('every', values.every ?? usual.every),
    restMs: duration('rest', values.rest ?? usual.rest),
    edits: values.edits ?? env['EDITS'] === '1',
    temporal,
    json: values.json,
  };
}

function read(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        messages: text,
        conversations: text,
        seed: text,
        duration: text,
        every: text,
        rest: text,
        temporal: text,
        json: text,
        edits: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new ArgumentError((error as Error).message);
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < least || value > most)
    throw new ArgumentError(`--${name} ${text}: a whole number from ${least} to ${most} is wanted`);
  return value;
}

function duration(name: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 1) throw new ArgumentError(`--${name} ${text}: a duration such as 90s or 5m is wanted`);
  return ms;
}

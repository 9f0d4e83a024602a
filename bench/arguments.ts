import type { TemporalStore } from '../test/support/temporal-on-postgres.ts';

/** How long each part of a run lasts, and how many messages it counts. */
export interface Plan {
  readonly mode: 'quick' | 'full';
  readonly fanOuts: readonly number[];
  /** Seconds of empty workflows, measured before and after each other measurement. */
  readonly emptySeconds: number;
  readonly postOnlyFanOuts: readonly number[];
  readonly postOnlySeconds: number;
  readonly bareSeconds: number;
  readonly acceptSeconds: number;
  /** About how many seconds the worker is kept saturated. */
  readonly saturatedSeconds: number;
  readonly steadySeconds: number;
  /** Messages whose SQL statements are counted. */
  readonly counted: number;
  /** The run is stopped after this many seconds. */
  readonly limitSeconds: number;
  /** Undefined: on PostgreSQL if that server can be built, otherwise on SQLite. */
  readonly temporal: TemporalStore | undefined;
  /** Folder for V8 profiles of the api and the worker. Profiling costs some per cent of the speed. */
  readonly profile: string | undefined;
}

const plans = {
  quick: {
    mode: 'quick',
    emptySeconds: 2,
    postOnlyFanOuts: [3],
    postOnlySeconds: 2,
    bareSeconds: 1,
    acceptSeconds: 2,
    saturatedSeconds: 4,
    steadySeconds: 3,
    counted: 20,
    limitSeconds: 300,
  },
  full: {
    mode: 'full',
    emptySeconds: 8,
    postOnlyFanOuts: [1, 3, 10],
    postOnlySeconds: 8,
    bareSeconds: 3,
    acceptSeconds: 5,
    saturatedSeconds: 20,
    steadySeconds: 16,
    counted: 60,
    limitSeconds: 900,
  },
} as const;

/** An argument of the benchmark is wrong. */
export class ArgumentError extends Error {
  override name = 'ArgumentError';
}

/**
 * Reads the arguments of the benchmark.
 * @throws ArgumentError naming the wrong argument.
 */
export function readArguments(args: readonly string[]): Plan {
  let mode: keyof typeof plans = 'full';
  let fanOuts: readonly number[] = [1, 3, 10];
  let profile: string | undefined;
  let temporal: TemporalStore | undefined;
  for (let index = 0; index < args.length; index += 1) {
    // `--temporal sqlite` means the same as `--temporal=sqlite`.
    const arg = args[index] === '--temporal' ? `--temporal=${args[(index += 1)] ?? ''}` : (args[index] ?? '');
    const [name, value = ''] = arg.split('=', 2);
    if (arg === '--quick') mode = 'quick';
    else if (name === '--fan-out' && /^\d+(,\d+)*$/.test(value)) fanOuts = value.split(',').map(Number);
    else if (name === '--profile' && value !== '') profile = value;
    else if (name === '--temporal' && (value === 'postgres' || value === 'sqlite')) temporal = value;
    else
      throw new ArgumentError(
        `${arg}: known are --quick, --fan-out=1,3,10, --temporal=postgres|sqlite and --profile=<folder>`,
      );
  }
  if (fanOuts.some((fanOut) => fanOut < 1 || fanOut > 50)) throw new ArgumentError('--fan-out: 1 to 50 each');
  return { ...plans[mode], fanOuts, temporal, profile };
}

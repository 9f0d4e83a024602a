import type { TemporalStore } from '../../test/support/temporal-on-postgres.ts';
import { parseDuration } from '../../src/domain/retry.ts';
import { ArgumentError } from '../arguments.ts';

export const scenarioNames = [
  'express',
  'outage',
  'fairness',
  'lanes',
  'slow',
  'slow-burst',
  'waiting',
  'acks',
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** The arguments of a scenario. A size that is undefined is chosen by the scenario. */
export interface ScenarioRequest {
  readonly scenario: ScenarioName;
  readonly mode: 'quick' | 'full';
  readonly temporal: TemporalStore | undefined;
  /** Number of messages in the part that the scenario is about. */
  readonly messages: number | undefined;
  /** Messages per second of the steady load. */
  readonly perSecond: number;
  /** For how many seconds the sink of `outage` is down. */
  readonly downSeconds: number | undefined;
}

/** Messages per second, well below what two cores can do. */
const usualPerSecond = 10;

const common = ['--scenario', '--temporal'];
/** The sizes that each scenario uses. Any other is refused. */
const sizesOf: Readonly<Record<ScenarioName, readonly string[]>> = {
  express: [],
  outage: ['--messages', '--per-second', '--down'],
  fairness: ['--messages'],
  lanes: ['--messages'],
  slow: ['--messages', '--per-second'],
  'slow-burst': ['--messages', '--per-second'],
  waiting: ['--messages'],
  acks: [],
};

/**
 * Reads the arguments of a scenario. Returns undefined when no scenario is named.
 * @throws ArgumentError naming the wrong argument.
 */
export function readScenarioArguments(args: readonly string[]): ScenarioRequest | undefined {
  if (!args.some((arg) => arg === '--scenario' || arg.startsWith('--scenario='))) return undefined;
  const values = new Map<string, string>();
  let isQuick = false;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '--quick') {
      isQuick = true;
      continue;
    }
    const [name = '', inline] = arg.split('=', 2);
    // `--down 10m` means the same as `--down=10m`.
    values.set(name, inline ?? args[(index += 1)] ?? '');
  }
  const scenario = values.get('--scenario');
  if (!isOneOf(scenarioNames, scenario))
    throw new ArgumentError(`--scenario ${scenario ?? ''}: known are ${scenarioNames.join(', ')}`);
  const allowed = [...common, ...sizesOf[scenario]];
  for (const name of values.keys())
    if (!allowed.includes(name))
      throw new ArgumentError(`${name}: known for ${scenario} are --quick, ${allowed.join(', ')}`);
  const temporal = values.get('--temporal');
  if (temporal !== undefined && !isOneOf(['postgres', 'sqlite'] as const, temporal))
    throw new ArgumentError(`--temporal ${temporal}: postgres or sqlite`);
  const down = values.get('--down');
  const downMs = down === undefined ? undefined : parseDuration(down);
  if (down !== undefined && (downMs === undefined || downMs < 10_000))
    throw new ArgumentError(`--down ${down}: a duration of 10s or more, such as 10m`);
  return {
    scenario,
    mode: isQuick ? 'quick' : 'full',
    temporal,
    messages: wholeNumber(values, '--messages'),
    perSecond: wholeNumber(values, '--per-second') ?? usualPerSecond,
    downSeconds: downMs === undefined ? undefined : downMs / 1_000,
  };
}

function wholeNumber(values: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new ArgumentError(`${name} ${text}: a whole number, 1 to 999999`);
  return Number(text);
}

function isOneOf<T extends string>(allowed: readonly T[], value: string | undefined): value is T {
  return value !== undefined && (allowed as readonly string[]).includes(value);
}

import { searchAttributeTypes } from '../../temporal/search-attributes.ts';

export interface TemporalOptions {
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
  /** The SQLite file. Its folder must exist. */
  readonly file: string;
}

const dynamicConfig = {
  // The old matcher ignores priority keys, and nothing orders tasks of different partitions.
  'matching.useNewMatcher': true,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  // A task that goes straight to the worker which completed the last one skips the matching service.
  'system.enableActivityEagerExecution': true,
  // The limit of servers on PostgreSQL. SQLite would accept longer ids, and they would fail only in production.
  'limit.maxIDLength': 255,
  // Without this, a timer of less than 1 s takes 1 s.
  'history.timerProcessorMaxTimeShift': '50ms',
  // The default limits are meant for servers with many tenants. One message takes about seven requests.
  'frontend.rps': 20_000,
  'frontend.namespaceRPS': 20_000,
  'frontend.namespaceRPS.visibility': 1_000,
} as const;

// The defaults (rollback journal, synchronous=FULL) cost two thirds of the throughput on one machine. WAL with NORMAL
// loses no committed transaction when the process dies, and PostgreSQL makes up for what a power failure loses.
const pragmas = { journal_mode: 'WAL', synchronous: 'NORMAL' } as const;

/** The arguments that start `temporal` as the server that Carillon expects. Tests and benchmarks use the same. */
export function temporalArguments({ port, uiPort, namespace, file }: TemporalOptions): readonly string[] {
  const pairs = (flag: string, values: Readonly<Record<string, unknown>>): readonly string[] =>
    Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${String(value)}`]);
  const flags = {
    ip: '127.0.0.1',
    port,
    'ui-port': uiPort,
    namespace,
    'db-filename': file,
    'log-level': 'warn',
  };
  return [
    'server',
    'start-dev',
    ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]),
    ...pairs('--sqlite-pragma', pragmas),
    ...pairs('--search-attribute', searchAttributeTypes),
    ...pairs(
      '--dynamic-config-value',
      Object.fromEntries(Object.entries(dynamicConfig).map(([key, value]) => [key, JSON.stringify(value)])),
    ),
  ];
}

/** A larger heap means less garbage collection in the server. Measured on two cores, this is worth it. */
export const temporalEnvironment = { GOGC: '400' } as const;

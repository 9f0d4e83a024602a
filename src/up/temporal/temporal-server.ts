import { searchAttributeTypes } from '../../temporal/search-attributes.ts';

/** What a dev server is started with. */
export interface TemporalOptions {
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
  /** SQLite file; its folder exists. */
  readonly file: string;
}

/** JSON values of the server's dynamic configuration. */
const dynamicConfig = {
  // Priority keys are ignored by the old matcher, and order between partitions is nobody's.
  'matching.useNewMatcher': true,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  // A task straight to the worker that completed the last one saves a round through matching.
  'system.enableActivityEagerExecution': true,
  // What PostgreSQL-backed servers can store; SQLite would take more, and the difference would show in production only.
  'limit.maxIDLength': 255,
  // Without it a timer under 1 s takes 1 s.
  'history.timerProcessorMaxTimeShift': '50ms',
  // The caps per second are for servers with many tenants; one message is about seven calls.
  'frontend.rps': 20_000,
  'frontend.namespaceRPS': 20_000,
  'frontend.namespaceRPS.visibility': 1_000,
} as const;

// The defaults (rollback journal, synchronous=FULL) cost two thirds of the throughput on one machine; WAL with NORMAL
// loses no committed transaction when the process dies, and PostgreSQL heals what a power cut takes.
const pragmas = { journal_mode: 'WAL', synchronous: 'NORMAL' } as const;

/** Arguments of `temporal` for the server that Carillon is built for: the same here, in tests and in benchmarks. */
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

/** Goes into the server's environment: a larger heap for less garbage collection; measured to pay on two cores. */
export const temporalEnvironment = { GOGC: '400' } as const;

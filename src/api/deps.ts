import type { FastifyBaseLogger } from 'fastify';
import type { Connector } from '../connectors/contract/connector.ts';
import type { SigningKeys } from '../connectors/contract/signing-keys.ts';
import type { Sql } from '../store/db/db.ts';
import type { StartableJob } from '../store/jobs/jobs.ts';
import type { KeyRing } from '../store/db/key-ring.ts';
import type { CommandedDelivery } from '../store/runs/commands.ts';

/** Temporal, as far as the API needs it. Nothing that it does decides an answer: PostgreSQL has the truth. */
export interface Runs {
  /**
   * Called after the command is stored: wakes the runs of these deliveries, or starts one where there is none. A failure
   * is logged and mended by the sweep.
   */
  command(kind: 'retry' | 'cancel', commands: readonly CommandedDelivery[], by: string): Promise<void>;
  /** Called after a job is stored. A failure is logged, and a worker starts the job. */
  startJob(job: StartableJob): Promise<void>;
  /** Whether Temporal answers now; may take its time, the caller limits it. */
  isReachable(): Promise<boolean>;
}

/** All that the API is built from. Passed on explicitly: nothing is looked up on the server object. */
export interface ApiDeps {
  /** Reads and configuration. */
  readonly sql: Sql;
  /** Accepting, and finding out whose key it is: its statements are ended by PostgreSQL after 1 s. */
  readonly acceptSql: Sql;
  readonly ring: KeyRing;
  readonly adminKey: string;
  readonly connectors: readonly Connector[];
  readonly runs: Runs;
  readonly logger: FastifyBaseLogger;
  /** Tells the dispatcher that messages were accepted. Never throws; called after the commit. */
  readonly poke: () => void;
  /** Tells the router that events came in. As `poke`. */
  readonly pokeInbox: () => void;
  /** Keys of the platforms that sign with one. */
  readonly keys: SigningKeys;
  /** Milliseconds that a key, once looked up, is used without asking again; for tests. */
  readonly keyCacheMs?: number;
  /** What differs from the usual, for tests. */
  readonly eventStreams?: Partial<EventStreamSettings>;
}

export interface EventStreamSettings {
  /** Something is written at least so often; must be less than the server's limit for silent sockets. */
  readonly heartbeatMs: number;
  /** Streams at once, of this process. */
  readonly maxStreams: number;
  /** How often new events are looked for, once for all streams. */
  readonly lookEveryMs: number;
}

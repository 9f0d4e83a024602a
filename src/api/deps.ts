import type { FastifyBaseLogger } from 'fastify';
import type { Connector } from '../connectors/contract/connector.ts';
import type { SigningKeys } from '../connectors/contract/signing-keys.ts';
import type { Sql } from '../store/db/db.ts';
import type { StartableJob } from '../store/jobs/jobs.ts';
import type { KeyRing } from '../store/db/key-ring.ts';
import type { CommandedDelivery } from '../store/runs/commands.ts';

/** The part of Temporal that the API needs. It never decides an answer, because PostgreSQL is authoritative. */
export interface Runs {
  /**
   * Wakes the runs of these deliveries, or starts a run where none is open. Called after the command was stored. When
   * it rejects, the API logs that, and the sweep wakes them.
   */
  command(kind: 'retry' | 'cancel', commands: readonly CommandedDelivery[], by: string): Promise<void>;
  /**
   * Starts the run of a job. Called after the job was stored. If it rejects, the API logs that, and a worker does it.
   */
  startJob(job: StartableJob): Promise<void>;
  /** Whether Temporal answers now. It may take long, so the caller sets a limit. */
  isReachable(): Promise<boolean>;
}

/** Everything that the API is built from. It is passed as an argument and not looked up on the server object. */
export interface ApiDeps {
  /** For reads and configuration. */
  readonly sql: Sql;
  /** For accepting messages and looking up keys. PostgreSQL ends its statements after 1 s. */
  readonly acceptSql: Sql;
  readonly ring: KeyRing;
  readonly adminKey: string;
  readonly connectors: readonly Connector[];
  readonly runs: Runs;
  readonly logger: FastifyBaseLogger;
  /** Tells the dispatcher that messages were accepted. Called after the commit. Never throws. */
  readonly poke: () => void;
  /** Tells the inbox that platforms sent events. Called after the commit. Never throws. */
  readonly pokeInbox: () => void;
  /** The keys of platforms that sign their requests with one. */
  readonly keys: SigningKeys;
  /** How long a key that was looked up is used without asking again, in milliseconds. For tests. */
  readonly keyCacheMs?: number;
  /** Settings that differ from the usual ones. For tests. */
  readonly eventStreams?: Partial<EventStreamSettings>;
}

export interface EventStreamSettings {
  /** Every stream writes something at least this often. Must be shorter than the server's limit for silent sockets. */
  readonly heartbeatMs: number;
  /** The most streams that may be open in this process. */
  readonly maxStreams: number;
  /** How often one look for new events is made for all streams together. */
  readonly lookEveryMs: number;
}

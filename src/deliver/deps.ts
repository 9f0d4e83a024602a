import type { AccessTokens } from '../connectors/contract/context.ts';
import type { Connector } from '../connectors/contract/connector.ts';
import type { Http } from '../connectors/contract/http.ts';
import type { Sql } from '../store/db/db.ts';
import type { KeyRing } from '../store/db/key-ring.ts';
import type { RoundPlaces } from './capacity/round-places.ts';
import type { Pace } from './capacity/pace.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import type { FileState } from '../store/inbound/files.ts';
import type { Ledger } from './ledger.ts';

/** A file that was fetched, or that cannot be had. */
export type FetchedFile = Extract<FileState, { state: 'kept' | 'refused' }>;

/** Fetches the files of messages, each file once for all deliveries. */
export interface FileFetcher {
  /**
   * Has the files of a message fetched, by this process unless another one is fetching them.
   * @param waitMs how long to wait for the files; downloads go on after that.
   * @returns one entry for each attachment, in their order; undefined where some are still on their way.
   */
  fetch(
    tenant: TenantId,
    message: Message,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<readonly FetchedFile[] | undefined>;
  /** Resolves when this process fetches nothing any more. */
  idle(): Promise<void>;
}

/** What delivering works with: the store, the connectors, and what the deliveries of one worker share. */
export interface DeliverDeps {
  readonly sql: Sql;
  readonly ring: KeyRing;
  readonly ledger: Ledger;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly http: Http;
  readonly tokens: AccessTokens;
  /** The name of this process, which each attempt records. */
  readonly worker: string;
  readonly files: FileFetcher;
  readonly places: RoundPlaces;
  readonly pace: Pace;
  /** Aborted when this process must stop. From then on no round begins, and no file is fetched. */
  readonly stopping: AbortSignal;
  /**
   * Tells a run that one of its deliveries failed for the first time. Only the run's search attributes depend on it.
   */
  readonly reportTrouble: (workflowId: string, delivery: string) => void;
}

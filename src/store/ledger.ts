import type { DeliveryState } from '../domain/delivery.ts';
import type { AttemptId, ConnectionId, DeliveryId, DestinationId, MessageId, TenantId } from '../domain/ids.ts';
import type { Message, Priority } from '../domain/message.ts';
import type { RetryPolicy } from '../domain/retry.ts';
import type { AmbiguousPolicy, LedgerView } from '../domain/step.ts';
import { openSecrets } from './connections.ts';
import { openContent } from './contents.ts';
import type { Db } from './db.ts';
import { isBehind } from './lane.ts';
import type { KeyRing } from './key-ring.ts';

/** All that an attempt needs to know, read in one statement and so of one moment. */
export interface LedgerEntry {
  readonly id: DeliveryId;
  readonly tenant: TenantId;
  readonly view: LedgerView;
  readonly claimToken: AttemptId | null;
  readonly roundStart: number;
  readonly firstAttemptAt: Date | null;
  readonly policy: RetryPolicy;
  readonly timeoutMs: number;
  readonly cancelRequested: boolean;
  readonly destination: DestinationId;
  readonly workflowId: string;
  /** Version of the content that is sent: the pinned one, else the newest. */
  readonly version: number;
  readonly message: Message;
  /** Undefined when the destination or its connection was deleted. */
  readonly target:
    | {
        readonly connector: string;
        readonly ambiguous: AmbiguousPolicy;
        readonly address: Record<string, unknown>;
        readonly connection: ConnectionId;
        readonly settings: Record<string, unknown>;
      }
    | undefined;
}

interface Row {
  id: DeliveryId;
  tenant: TenantId;
  message: MessageId;
  destination: DestinationId;
  workflowId: string;
  state: DeliveryState;
  attempts: number;
  maxAttempts: number;
  roundStart: number;
  claimToken: AttemptId | null;
  claimMs: number | null;
  heldMs: number | null;
  deadlineMs: number | null;
  inDoubtMs: number | null;
  doubtMs: number | null;
  absentMs: number | null;
  isBehind: boolean;
  firstAttemptAt: Date | null;
  policy: RetryPolicy;
  timeoutMs: number;
  cancelRequested: boolean;
  type: string;
  source: string;
  occurredAt: Date;
  receivedAt: Date;
  schemaVersion: string;
  dataVersion: string | null;
  sequence: number | null;
  correlationId: string;
  conversation: string | null;
  priority: Priority;
  labels: Record<string, string>;
  version: number;
  sealed: Buffer;
  connector: string | null;
  ambiguous: AmbiguousPolicy;
  address: Record<string, unknown>;
  connection: ConnectionId;
  settings: Record<string, unknown>;
  secrets: Buffer;
}

/**
 * Reads a delivery with its message, destination and connection, and decrypts content and credentials.
 * Uses the primary keys, `deliveries_lane` and `deliveries_lane_sending`.
 * @returns undefined when there is no such delivery.
 */
export async function readLedger(sql: Db, ring: KeyRing, id: DeliveryId): Promise<LedgerEntry | undefined> {
  const [row] = await sql<Row[]>`
    select d.id, d.tenant, d.message, d.destination, m.workflow_id as "workflowId", d.state, d.attempts,
      d.max_attempts as "maxAttempts", d.round_start as "roundStart", d.claim_token as "claimToken",
      (extract(epoch from d.claim_deadline - now.at) * 1000)::float8 as "claimMs",
      (extract(epoch from greatest(d.next_attempt_at, d.not_before) - now.at) * 1000)::float8 as "heldMs",
      (extract(epoch from d.deadline_at - now.at) * 1000)::float8 as "deadlineMs",
      (extract(epoch from now.at - d.doubt_since) * 1000)::float8 as "inDoubtMs",
      (extract(epoch from d.doubt_until - now.at) * 1000)::float8 as "doubtMs",
      (extract(epoch from now.at - d.absent_at) * 1000)::float8 as "absentMs",
      ${isBehind(sql)} as "isBehind",
      d.first_attempt_at as "firstAttemptAt", d.policy, d.timeout_ms as "timeoutMs",
      d.cancel_requested_at is not null as "cancelRequested",
      m.type, m.source, m.occurred_at as "occurredAt", m.received_at as "receivedAt",
      m.schema_version as "schemaVersion", m.data_version as "dataVersion", m.sequence,
      m.correlation_id as "correlationId", m.conversation, m.priority, m.labels, b.version, b.sealed,
      c.connector, t.ambiguous, t.address, t.connection, c.settings, c.secrets
    from deliveries d
    cross join lateral (select clock_timestamp() as at) now
    join messages m on m.id = d.message
    join lateral (
      select version, sealed from contents
      where message = m.id and (d.pinned_version is null or version = d.pinned_version)
      order by version desc limit 1) b on true
    left join destinations t on t.tenant = d.tenant and t.id = d.destination and t.deleted_at is null
    left join connections c on c.tenant = t.tenant and c.id = t.connection
    where d.id = ${id}`;
  return row === undefined ? undefined : toEntry(row, ring);
}

function toEntry(row: Row, ring: KeyRing): LedgerEntry {
  const { content, sender } = openContent(ring, row.message, row.version, row.sealed);
  const { state, attempts, maxAttempts, claimMs, heldMs, deadlineMs, inDoubtMs, doubtMs, absentMs, isBehind } = row;
  return {
    id: row.id,
    tenant: row.tenant,
    view: { state, attempts, maxAttempts, claimMs, heldMs, deadlineMs, inDoubtMs, doubtMs, absentMs, isBehind },
    claimToken: row.claimToken,
    roundStart: row.roundStart,
    firstAttemptAt: row.firstAttemptAt,
    policy: row.policy,
    timeoutMs: row.timeoutMs,
    cancelRequested: row.cancelRequested,
    destination: row.destination,
    workflowId: row.workflowId,
    version: row.version,
    message: {
      id: row.message,
      tenant: row.tenant,
      type: row.type,
      source: row.source,
      occurredAt: row.occurredAt.toISOString(),
      receivedAt: row.receivedAt.toISOString(),
      schemaVersion: row.schemaVersion,
      ...(row.dataVersion === null ? {} : { dataVersion: row.dataVersion }),
      sequence: row.sequence,
      correlationId: row.correlationId,
      conversation: row.conversation,
      sender,
      content,
      priority: row.priority,
      labels: row.labels,
    },
    target:
      row.connector === null
        ? undefined
        : {
            connector: row.connector,
            ambiguous: row.ambiguous,
            address: row.address,
            connection: row.connection,
            settings: { ...row.settings, ...openSecrets(ring, row.tenant, row.connection, row.secrets) },
          },
  };
}

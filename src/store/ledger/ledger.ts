import type { ChangeKind, Original } from '../../domain/change.ts';
import { bestEffortPolicy } from '../../domain/delivery-class.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import type { AttemptId, ConnectionId, DeliveryId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import { connectionGate, destinationGate, type GateView, type Rate } from '../../domain/gate.ts';
import type { Message } from '../../domain/message.ts';
import type { RetryPolicy } from '../../domain/retry.ts';
import type { AmbiguousPolicy, LedgerView } from '../../domain/step.ts';
import { openSecrets } from '../config/connections.ts';
import { openContent, type SealedContent } from '../db/contents.ts';
import type { Db } from '../db/db.ts';
import { toMessage, type EnvelopeRow } from '../db/envelope.ts';
import { ledgerQuery } from './query.ts';
import type { KeyRing } from '../db/key-ring.ts';
import type { PostPart } from './parts.ts';
import type { GateRate } from '../waiting/rates.ts';

/** Everything that an attempt needs to know about a delivery, read in one statement and so as of one moment. */
export interface LedgerEntry {
  readonly id: DeliveryId;
  readonly tenant: TenantId;
  /** That moment by PostgreSQL's clock. */
  readonly readAt: Date;
  readonly view: LedgerView;
  readonly claimToken: AttemptId | null;
  readonly cycleStart: number;
  readonly firstAttemptAt: Date | null;
  readonly policy: RetryPolicy;
  readonly timeoutMs: number;
  /** The time slot that a gate gave to the delivery (G3), in milliseconds from `readAt`. */
  readonly slot: { readonly gate: string; readonly ms: number } | undefined;
  readonly destination: DestinationId;
  readonly workflowId: string;
  /** The reason code of the last failed attempt, or of the wait. */
  readonly reasonCode: string | null;
  readonly action: ChangeKind;
  /**
   * The delivery of the message that this one changes or replies to; undefined where it was not sent to this
   * destination.
   */
  readonly original: Original | undefined;
  /** The version of the content that is sent: the pinned one (L4), else the newest. */
  readonly version: number;
  readonly message: Message;
  /** L4: version and split are fixed, because an attempt may have arrived or a part has. */
  readonly isPinned: boolean;
  /** The posts that the delivery is split into; null where it is one post. */
  readonly parts: readonly PostPart[] | null;
  /** How many of these posts have arrived. */
  readonly part: number;
  /** Undefined where the destination or its connection was deleted. */
  readonly target:
    | {
        readonly connector: string;
        readonly ambiguous: AmbiguousPolicy;
        readonly address: Record<string, unknown>;
        readonly connection: ConnectionId;
        readonly settings: Record<string, unknown>;
        /** The rates that a send must keep, one for each gate that has one. */
        readonly rates: readonly GateRate[];
      }
    | undefined;
}

interface Row extends EnvelopeRow {
  delivery: DeliveryId;
  readAt: Date;
  destination: DestinationId;
  workflowId: string;
  state: DeliveryState;
  attempts: number;
  maxAttempts: number;
  cycleStart: number;
  claimToken: AttemptId | null;
  claimMs: number | null;
  notBeforeMs: number | null;
  deadlineMs: number | null;
  inDoubtMs: number | null;
  doubtMs: number | null;
  absentMs: number | null;
  isBehind: boolean;
  expiresMs: number | null;
  isManual: boolean;
  gates: GateView[] | null;
  slotMs: number | null;
  slotGate: string | null;
  destinationRate: Rate | null;
  connectionRate: Rate | null;
  firstAttemptAt: Date | null;
  policy: RetryPolicy;
  timeoutMs: number;
  cancelRequested: boolean;
  reasonCode: string | null;
  action: ChangeKind;
  original: Original | null;
  contentOf: MessageId;
  version: number;
  sealed: Buffer;
  isPinned: boolean;
  parts: PostPart[] | null;
  part: number;
  connector: string | null;
  ambiguous: AmbiguousPolicy;
  address: Record<string, unknown>;
  connection: ConnectionId;
  settings: Record<string, unknown>;
  secrets: Buffer;
}

/**
 * Reads deliveries with their messages, destinations and connections, and decrypts content and credentials. It is one
 * statement for any number of deliveries. Uses the primary keys, the lane's indexes and `deliveries_depends`.
 * @returns the deliveries that exist, in the order of their ids.
 */
export async function readLedger(sql: Db, ring: KeyRing, ids: readonly DeliveryId[]): Promise<LedgerEntry[]> {
  return toEntries(await sql<Row[]>`${ledgerQuery(sql, 'id', ids)}`, ring);
}

/** Reads all deliveries of the given messages; see `readLedger`. */
export async function readLedgerOf(sql: Db, ring: KeyRing, messages: readonly MessageId[]): Promise<LedgerEntry[]> {
  return toEntries(await sql<Row[]>`${ledgerQuery(sql, 'message', messages)}`, ring);
}

/** Content that several deliveries share is decrypted once. */
function toEntries(rows: readonly Row[], ring: KeyRing): LedgerEntry[] {
  const contents = new Map<string, SealedContent>();
  return rows.map((row) => {
    const key = `${row.contentOf} ${row.version}`;
    const content = contents.get(key) ?? openContent(ring, row.contentOf, row.version, row.sealed);
    contents.set(key, content);
    return toEntry(row, ring, content);
  });
}

function toEntry(row: Row, ring: KeyRing, said: SealedContent): LedgerEntry {
  return {
    id: row.delivery,
    tenant: row.tenant,
    readAt: row.readAt,
    view: viewOf(row),
    claimToken: row.claimToken,
    cycleStart: row.cycleStart,
    firstAttemptAt: row.firstAttemptAt,
    policy: row.policy,
    timeoutMs: row.timeoutMs,
    slot: row.slotMs === null || row.slotGate === null ? undefined : { gate: row.slotGate, ms: row.slotMs },
    destination: row.destination,
    workflowId: row.workflowId,
    reasonCode: row.reasonCode,
    action: row.action,
    original: row.original ?? undefined,
    version: row.version,
    isPinned: row.isPinned,
    parts: row.parts,
    part: row.part,
    message: toMessage(row, said),
    target:
      row.connector === null
        ? undefined
        : {
            connector: row.connector,
            ambiguous: row.ambiguous,
            address: row.address,
            connection: row.connection,
            settings: { ...row.settings, ...openSecrets(ring, row.tenant, row.connection, row.secrets) },
            rates: ratesOf(row),
          },
  };
}

function viewOf(row: Row): LedgerView {
  const { state, attempts, maxAttempts, claimMs, notBeforeMs, deadlineMs, inDoubtMs, doubtMs, absentMs, isBehind } =
    row;
  const { expiresMs, isManual, cancelRequested: isCancelled, gates } = row;
  return {
    state,
    attempts,
    maxAttempts,
    claimMs,
    notBeforeMs,
    deadlineMs,
    inDoubtMs,
    doubtMs,
    absentMs,
    isBehind,
    expiresMs,
    isManual,
    isCancelled,
    isBestEffort: row.policy.name === bestEffortPolicy,
    gates: gates ?? [],
  };
}

function ratesOf({ destination, connection, destinationRate, connectionRate }: Row) {
  return [
    ...(destinationRate === null ? [] : [{ gate: destinationGate(destination), rate: destinationRate }]),
    ...(connectionRate === null ? [] : [{ gate: connectionGate(connection), rate: connectionRate }]),
  ];
}

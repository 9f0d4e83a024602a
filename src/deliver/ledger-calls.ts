import type { DeliveryId, MessageId } from '../domain/ids.ts';
import { claim, type Claim, type ClaimRequest } from '../store/ledger/claim.ts';
import { isTimedOut, isUnavailable, type Sql } from '../store/db/db.ts';
import type { KeyRing } from '../store/db/key-ring.ts';
import { readLedger, readLedgerOf, type LedgerEntry } from '../store/ledger/ledger.ts';
import { settle, settleAll, type Settlement } from '../store/ledger/settle.ts';
import type { DeliveredSettlement } from '../store/ledger/settle-delivered.ts';
import type { Settled } from '../store/ledger/settle-result.ts';
import { gather } from '../store/db/gather.ts';

/** The ledger as all activities of this worker use it: what is asked at the same time becomes one statement. */
export interface LedgerCalls {
  /** Undefined where there is no such delivery. */
  read(delivery: DeliveryId): Promise<LedgerEntry | undefined>;
  /** All deliveries of a message. */
  readAll(message: MessageId): Promise<readonly LedgerEntry[]>;
  /** See `claim`; undefined where it was not had. Nobody else's conflict makes it fail. */
  claim(request: ClaimRequest): Promise<Claim | undefined>;
  /** See `settle`. */
  settle(settlement: Settlement): Promise<Settled>;
}

/**
 * One of 20 costs PostgreSQL about a fifth of one that is claimed, or settled, alone, and one commit instead of twenty.
 * Two at once: one may wait for a row's lock.
 */
const together = {
  most: 32,
  atOnce: 2,
  isOnes: (error: unknown): boolean => !isUnavailable(error) && !isTimedOut(error),
};

export function createLedgerCalls(sql: Sql, ring: KeyRing): LedgerCalls {
  const read = gather(async (ids: readonly DeliveryId[]) => {
    const entries = new Map((await readLedger(sql, ring, ids)).map((entry) => [entry.id, entry]));
    return ids.map((id) => ({ entry: entries.get(id) }));
  }, together);
  const readAll = gather(async (messages: readonly MessageId[]) => {
    const entries = await readLedgerOf(sql, ring, messages);
    return messages.map((message) => entries.filter((entry) => entry.message.id === message));
  }, together);
  const claimOne = gather(async (requests: readonly ClaimRequest[]) => {
    const claims = await claim(sql, requests);
    return requests.map(({ token }) => ({ claim: claims.find((had) => had.token === token) }));
  }, together);
  const settleDelivered = gather(
    (settlements: readonly DeliveredSettlement[]) => settleAll(sql, settlements),
    together,
  );
  return {
    read: async (delivery) => (await read(delivery)).entry,
    readAll,
    claim: async (request) => (await claimOne(request)).claim,
    settle: (settlement) => (settlement.kind === 'delivered' ? settleDelivered(settlement) : settle(sql, settlement)),
  };
}

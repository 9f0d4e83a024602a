import type { Reason } from '../domain/failure.ts';
import type { GateName } from '../domain/gate.ts';
import type { AttemptId, DeliveryId, MessageId } from '../domain/ids.ts';
import { isTimedOut, isUnavailable, type Sql } from '../store/db/db.ts';
import { gather } from '../store/db/gather.ts';
import type { KeyRing } from '../store/db/key-ring.ts';
import { claim, type Claim, type ClaimRequest } from '../store/ledger/claim.ts';
import { recordFound } from '../store/ledger/doubt.ts';
import { end, type EndRequest } from '../store/ledger/end.ts';
import { readLedger, readLedgerOf, type LedgerEntry } from '../store/ledger/ledger.ts';
import { release } from '../store/ledger/release.ts';
import type { DeliveredSettlement } from '../store/ledger/settle-delivered.ts';
import type { Settled, StoredReceipt } from '../store/ledger/settle-result.ts';
import { settle, settleAll, type Settlement } from '../store/ledger/settle.ts';
import type { NextInLane } from '../store/waiting/lane.ts';

/** The state of a delivery after a write, and the wait before its next attempt in milliseconds. */
export type Written = Pick<Settled, 'state' | 'delayMs'>;

/**
 * The ledger as all deliveries of one worker use it. Reads, claims and the settles of delivered attempts that come
 * at the same time become one statement. Each write that lets other deliveries go wakes them after its commit (L8).
 */
export interface Ledger {
  /** @returns undefined where there is no such delivery. */
  read(delivery: DeliveryId): Promise<LedgerEntry | undefined>;
  /** @returns all deliveries of a message. */
  readAll(message: MessageId): Promise<readonly LedgerEntry[]>;
  /**
   * Takes a delivery for one attempt.
   * @returns undefined where another process has it, or where the delivery may not be sent any more.
   */
  claim(request: ClaimRequest): Promise<Claim | undefined>;
  /** Writes how an attempt ended; a second call changes nothing. */
  settle(settlement: Settlement): Promise<Written>;
  /** Gives a claim back because nothing was sent. The attempt is not spent. */
  release(delivery: DeliveryId, token: AttemptId): Promise<void>;
  /**
   * Ends a delivery that is not being sent. @returns the state that it has now, which another process may have written.
   */
  end(request: EndRequest): Promise<Written>;
  /**
   * Writes that a look-up found what an earlier attempt sent.
   * @returns undefined where another process wrote the delivery first.
   */
  found(
    delivery: DeliveryId,
    receipt: StoredReceipt,
    healthy: GateName,
    degraded: readonly Reason[],
  ): Promise<Written | undefined>;
}

/**
 * Measured: a claim or a settle among twenty in one statement costs PostgreSQL about a fifth of one that is alone, and
 * there is one commit instead of twenty. Two statements run at once, because one may wait for a row's lock.
 */
const together = {
  most: 32,
  atOnce: 2,
  isOnes: (error: unknown): boolean => !isUnavailable(error) && !isTimedOut(error),
};

/** @param wakeNext is called after a commit for each delivery that may go now. */
export function createLedger(sql: Sql, ring: KeyRing, wakeNext: (next: NextInLane) => void): Ledger {
  const readOne = gather(async (ids: readonly DeliveryId[]) => {
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
  const andWake = ({ next, ...written }: Settled): Written => {
    next.forEach(wakeNext);
    return written;
  };
  return {
    read: async (delivery) => (await readOne(delivery)).entry,
    readAll,
    claim: async (request) => (await claimOne(request)).claim,
    async settle(settlement) {
      return andWake(await (settlement.kind === 'delivered' ? settleDelivered(settlement) : settle(sql, settlement)));
    },
    async release(delivery, token) {
      (await release(sql, delivery, token)).forEach(wakeNext);
    },
    end: async (request) => andWake(await end(sql, request)),
    async found(delivery, receipt, healthy, degraded) {
      const settled = await recordFound(sql, delivery, receipt, healthy, degraded);
      return settled && andWake(settled);
    },
  };
}

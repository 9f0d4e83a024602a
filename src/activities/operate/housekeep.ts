import { Context } from '@temporalio/activity';
import { resolveRetention, retentionOrder, type RetentionKind } from '../../domain/retention.ts';
import type { TenantWindow } from '../../store/housekeeping/batch.ts';
import { listRetentions, removers } from '../../store/housekeeping/housekeeping.ts';
import type { HousekeepingPosition } from '../../contract.ts';
import type { ActivityDeps } from '../deps.ts';

export interface HousekeepInput {
  /** The id of the pass's run, under which it is reported. */
  readonly pass: string;
  /** Where to go on; without it the pass begins. */
  readonly place?: HousekeepingPosition;
}

export interface Housekept {
  readonly kind: string;
  readonly removed: number;
  /** Null when the pass is over. */
  readonly next: HousekeepingPosition | null;
}

/** Rows that one statement looks at. A message takes its deliveries and attempts along, hence fewer of them. */
const limits: Readonly<Record<RetentionKind, number>> = {
  content: 500,
  attempts: 500,
  events: 500,
  dedupe: 500,
  messages: 100,
  jobs: 500,
  links: 500,
  inbox: 500,
  people: 500,
};
/** No further batch begins behind this, so that a call is short and progress is in history. */
const callMs = 5_000;

/**
 * Removes one kind of data, batch by batch, for some seconds. Each batch reports itself in its own statement, so a call
 * that is cut short and made again removes and counts nothing twice; only the number returned may then be too low.
 */
export function createHousekeep({ sql }: Pick<ActivityDeps, 'sql'>) {
  return async function housekeep({ pass, place }: HousekeepInput): Promise<Housekept> {
    const context = Context.current();
    // A kind that this version does not know: the run was begun by another one, and beginning again does no harm.
    const kind = retentionOrder.find((one) => one === place?.kind) ?? retentionOrder[0] ?? 'content';
    const end = performance.now() + callMs;
    let after: string | null = kind === place?.kind ? place.after : '';
    let removed = 0;
    while (after !== null && performance.now() < end) {
      context.cancellationSignal.throwIfAborted();
      const windows = await readWindows(kind, after === '');
      const batch = await removers[kind](sql, { pass, windows, after, limit: limits[kind] });
      removed += batch.removed;
      after = batch.after;
      context.heartbeat({ kind, removed });
    }
    const next = after === null ? beginningOf(retentionOrder[retentionOrder.indexOf(kind) + 1]) : { kind, after };
    return { kind, removed, next };
  };

  /** Read for each batch, so that a change counts at once; what cannot be read is said once in a pass. */
  async function readWindows(kind: RetentionKind, isBeginning: boolean): Promise<TenantWindow[]> {
    return (await listRetentions(sql)).flatMap(({ tenant, retention }) => {
      const keepMs = resolveRetention(retention)[kind];
      if (keepMs === null && isBeginning)
        Context.current().log.warn('housekeeping: this window cannot be read, and nothing is removed', {
          tenant,
          kind,
        });
      return keepMs === null ? [] : [{ tenant, retention, keepMs }];
    });
  }
}

const beginningOf = (kind: RetentionKind | undefined): HousekeepingPosition | null =>
  kind === undefined ? null : { kind, after: '' };

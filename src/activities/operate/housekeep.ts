import { Context } from '@temporalio/activity';
import { resolveRetention, retentionOrder, type RetentionKind } from '../../domain/retention.ts';
import type { TenantWindow } from '../../store/housekeeping/batch.ts';
import { listRetentions, removers } from '../../store/housekeeping/housekeeping.ts';
import type { HousekeepingPosition } from '../../contract.ts';
import type { ActivityDeps } from '../deps.ts';

export interface HousekeepInput {
  /** The pass's workflow id, under which the removal is reported. */
  readonly pass: string;
  /** Where to continue; absent at the beginning of a pass. */
  readonly place?: HousekeepingPosition;
}

export interface Housekept {
  readonly kind: string;
  readonly removed: number;
  /** Where the next call continues; null where the pass has ended. */
  readonly next: HousekeepingPosition | null;
}

/**
 * How many rows one statement looks at. There are fewer messages, because their deliveries and attempts go with them.
 */
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
/** No further batch begins after this time, so that calls are short and the history shows the progress. */
const callMs = 5_000;

/**
 * Makes the activity that removes one kind of data, batch by batch, for about 5 s. Each batch is removed and reported
 * in one statement, so a call that is interrupted and repeated removes and reports nothing twice. Only the number that
 * it returns is then too low.
 */
export function createHousekeep({ sql }: Pick<ActivityDeps, 'sql'>) {
  return async function housekeep({ pass, place }: HousekeepInput): Promise<Housekept> {
    const context = Context.current();
    // A run that another version began may name a kind that this version does not know. The pass then begins again,
    // which does no harm.
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

  /**
   * Reads the windows before each batch, so that a change counts at once. One that cannot be read is logged once in a
   * pass.
   */
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

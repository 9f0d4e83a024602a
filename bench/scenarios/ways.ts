import { spread, type Spread } from '../statistics.ts';
import type { Streamed } from '../stream.ts';
import { spreadRow } from './beside.ts';
import { acceptedOf, type Stage } from './stage.ts';

/**
 * Where messages spent their time before they were sent, in milliseconds. PostgreSQL and Temporal share a clock here.
 */
export interface Ways {
  /** From the acceptance until Temporal started the run: the time in the dispatcher's queue. */
  readonly toStart: Spread;
  /** From there to the first attempt: workflow and activity tasks, waits for a place, and the claim. */
  readonly toAttempt: Spread;
}

/** The most messages that are looked at. Each takes a call to Temporal. */
const asked = 100;

/** Reads the times of messages that are chosen evenly from `posted`. */
export async function readWays({ sql, client }: Stage, posted: readonly Streamed[]): Promise<Ways> {
  const ids = acceptedOf(posted);
  const step = Math.max(1, Math.ceil(ids.length / asked));
  const rows = await sql<{ workflowId: string; receivedAt: Date; firstAttemptAt: Date }[]>`
    select workflow_id as "workflowId", received_at as "receivedAt", first_attempt_at as "firstAttemptAt"
    from messages where id = any(${ids.filter((_, index) => index % step === 0)}) and first_attempt_at is not null`;
  const each = await Promise.all(
    rows.map(async ({ workflowId, receivedAt, firstAttemptAt }) => {
      const { startTime } = await client.workflow.getHandle(workflowId).describe();
      return {
        toStart: startTime.getTime() - receivedAt.getTime(),
        toAttempt: firstAttemptAt.getTime() - startTime.getTime(),
      };
    }),
  );
  return {
    toStart: spread(each.map(({ toStart }) => toStart)),
    toAttempt: spread(each.map(({ toAttempt }) => toAttempt)),
  };
}

/** Returns the rows for a table of spreads. */
export const wayRows = ({ toStart, toAttempt }: Ways): string[][] => [
  spreadRow('  of that, from accepted to started', toStart),
  spreadRow('  of that, from started to the first attempt', toAttempt),
];

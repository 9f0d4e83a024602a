import { Context } from '@temporalio/activity';
import { loadPlan } from '../../store/config/destinations.ts';
import type { JobStep } from '../../store/jobs/job-deliveries.ts';
import { countReplays, pickMessages, replayKey } from '../../store/jobs/job-messages.ts';
import type { JobRow } from '../../store/jobs/jobs.ts';
import { newMessageId } from '../../store/db/new-id.ts';
import { acceptReplay, type ReplayResult } from '../../store/accept/replay.ts';
import type { ActivityDeps } from '../deps.ts';

/** The codes under which a job counts messages that were not replayed. The API uses the same codes for one replay. */
const codes = {
  'not-found': 'not_found',
  deleted: 'deleted',
  'is-a-change': 'deleted',
  erased: 'content_erased',
  'unknown-destinations': 'unknown_destination',
  'key-required': 'invalid',
  conflict: 'idempotency_conflict',
  contended: 'unavailable',
} as const satisfies Record<Exclude<ReplayResult['outcome'], 'accepted' | 'duplicate'>, string>;

/**
 * Takes one step of a bulk replay: picks messages, accepts their replays one after the other, and counts them. If the
 * process dies before the count, the next step picks the same messages, finds the replays that were accepted by their
 * dedupe keys, and counts them.
 */
export async function replayBatch({ sql, ring, poke }: ActivityDeps, job: JobRow): Promise<JobStep> {
  const picked = await pickMessages(sql, job);
  if (picked.from === picked.to && !picked.isLast) return picked;
  const plans = planSource();
  const failed: Record<string, number> = {};
  for (const original of picked.messages) {
    const { tenant, destinations } = job;
    const replay = { id: newMessageId(), tenant, original, destinations, key: replayKey(job, original) };
    const result = await acceptReplay(sql, ring, replay, plans);
    Context.current().heartbeat();
    if (result.outcome === 'accepted' || result.outcome === 'duplicate') continue;
    const code = codes[result.outcome];
    failed[code] = (failed[code] ?? 0) + 1;
    Context.current().log.warn('a message was not replayed', { job: job.id, message: original, code });
  }
  await countReplays(sql, job, picked, failed);
  if (picked.messages.length > 0) poke();
  return picked.isLast ? { ...picked, state: 'done' } : picked;

  /** The plan is loaded once for a step. `acceptReplay` notices a change and loads it again. */
  function planSource() {
    let loaded: ReturnType<typeof loadPlan> | undefined;
    const reload = (): ReturnType<typeof loadPlan> => (loaded = loadPlan(sql, job.tenant));
    return { current: () => loaded ?? reload(), reload };
  }
}

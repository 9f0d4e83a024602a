import type { FastifyReply, FastifyRequest } from 'fastify';
import { defaultJobRate, type DeliveryJobFilter, type JobKind, type MessageJobFilter } from '../../domain/job.ts';
import { createJob, type JobRow } from '../../store/jobs/jobs.ts';
import { newJobId } from '../../store/db/new-id.ts';
import { isOfUnknownTenant } from '../../store/config/tenants.ts';
import { runJobWorkflowId } from '../../contract.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput, notFound, Problem } from '../errors.ts';
import { instantRange, readInstant } from '../http/instant.ts';
import { readKeyHeader } from '../accept/posted-message.ts';
import type { JobAnswer } from '../schemas/job.ts';
import { within } from '../limits/time-limit.ts';

/** The fields that the bodies of all bulk operations have. */
interface AskedJob {
  readonly filter?: DeliveryJobFilter & MessageJobFilter;
  readonly all?: boolean;
  readonly rate?: number;
  readonly reason?: string;
  readonly destinations?: readonly string[];
  readonly again?: boolean;
}

export type MakeJob = (
  request: FastifyRequest,
  reply: FastifyReply,
  kind: JobKind,
  asked: AskedJob,
) => Promise<JobAnswer>;

/** How long the answer waits until the run is started. A worker starts it if this fails. */
const startLimitMs = 1_000;

/**
 * Returns the function that stores a job and then starts its run. The stored job is what counts: while Temporal is
 * away, a worker starts the run later.
 * @throws Problem 404 for a deleted tenant, 409 for a key of another job, 422 for an invalid filter.
 */
export function jobMaker({ sql, runs }: ApiDeps): MakeJob {
  return async (request, reply, kind, asked) => {
    checkFilter(asked);
    const { filter = {}, rate = defaultJobRate, reason = null, destinations = null, again = false } = asked;
    const { tenant, key: requestedBy } = request.caller;
    const key = readKeyHeader(request) ?? null;
    const wanted = { id: newJobId(), tenant, kind, filter, destinations, again, rate, requestedBy, reason, key };
    const { outcome, job } = await createJob(sql, wanted).catch((error: unknown) => {
      // The tenant was deleted a moment ago, while its key or name was still in a cache.
      throw isOfUnknownTenant(error) ? notFound('tenant') : error;
    });
    if (outcome === 'conflict')
      throw new Problem('idempotency_conflict', `This key was already used for another job, ${job.id}.`, {
        id: job.id,
      });
    if (outcome === 'created') {
      request.log.info({ job: job.id, kind, by: requestedBy, reason }, 'job stored');
      await within(startLimitMs, runs.startJob(job)).catch((error: unknown) =>
        request.log.warn({ job: job.id, err: error }, 'the job was not started; a worker will do it'),
      );
    }
    reply.code(202).header('location', `/v1/jobs/${job.id}`);
    return showJob(job);
  };
}

/**
 * Checks that the caller asks for everything only explicitly, with `all`.
 * @throws Problem 422.
 */
function checkFilter({ filter = {}, all = false }: AskedJob): void {
  const isEmpty = Object.keys(filter).length === 0;
  if (isEmpty && !all)
    throw invalidInput([{ path: '/filter', code: 'required', message: 'is empty: give a filter, or "all": true' }]);
  if (!isEmpty && all)
    throw invalidInput([{ path: '/all', code: 'invalid_value', message: 'and filter must not both be given' }]);
  const errors = (['since', 'until'] as const).flatMap((name) => {
    const value = filter[name];
    if (value === undefined || readInstant(value) !== undefined) return [];
    return [{ path: `/filter/${name}`, code: 'invalid_value', message: instantRange }];
  });
  if (errors.length > 0) throw invalidInput(errors);
}

export function showJob(job: JobRow): JobAnswer {
  const { id, kind, state, filter, destinations, again, rate, failures, error, requestedBy, reason } = job;
  return {
    id,
    kind,
    state,
    filter: { ...filter },
    ...(destinations === null ? {} : { destinations: [...destinations] }),
    ...(kind === 'replay' ? { again } : {}),
    rate,
    counts: { matched: job.matched, done: job.done, changed: job.changed, failed: job.failed },
    failures: { ...failures },
    ...(error === null ? {} : { error: { ...error } }),
    requestedBy,
    reason,
    workflowId: runJobWorkflowId(id),
    createdAt: job.createdAt.toISOString(),
    startedAt: job.startedAt?.toISOString() ?? null,
    endedAt: job.endedAt?.toISOString() ?? null,
  };
}

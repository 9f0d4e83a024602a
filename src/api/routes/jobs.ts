import { jobIdPattern, type TenantId } from '../../domain/ids.ts';
import { endJob, findJob, listJobs, type JobRow } from '../../store/jobs/jobs.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { notFound, Problem } from '../errors.ts';
import { requireBody } from '../http/json-body.ts';
import { jobMaker, showJob } from '../operate/make-job.ts';
import type { Api } from '../route.ts';
import { changeHeaders } from '../schemas/change.ts';
import { bulkCancelBody, bulkRetryBody, jobSchema, jobsPage, jobsQuery } from '../schemas/job.ts';
import { defaultLimit } from '../schemas/list.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';

const tags = ['jobs'];
const cursors = cursorsOf('jobs', jobIdPattern);
const config = { scope: 'deliveries:operate' } as const;

/** Routes that retry or cancel many deliveries at once, and show, list and end the jobs that do it. */
export function jobRoutes(app: Api, deps: ApiDeps): void {
  const { sql } = deps;
  const makeJob = jobMaker(deps);

  /** @throws Problem 404, also when the id is not valid. */
  async function find(tenant: TenantId, params: unknown): Promise<JobRow> {
    const { id } = params as { id: string };
    const row = jobIdPattern.test(id) ? await findJob(sql, tenant, id) : undefined;
    if (row === undefined) throw notFound('job');
    return row;
  }

  for (const kind of ['retry', 'cancel'] as const) {
    app.route({
      method: 'POST',
      url: `/v1/deliveries/${kind}`,
      config,
      preValidation: [requireBody],
      schema: {
        operationId: `${kind}Deliveries`,
        tags,
        summary:
          kind === 'retry'
            ? 'Start a new retry cycle for all matching deliveries that are parked, uncertain or retrying'
            : 'Cancel all matching deliveries that are not final',
        description:
          'Answers with a job that works through the deliveries. Deliveries that are accepted later are not touched.',
        headers: changeHeaders,
        body: kind === 'retry' ? bulkRetryBody : bulkCancelBody,
        response: { 202: jobSchema, ...errorAnswers('idempotency_conflict', ...bodyErrors) },
      },
      handler: async (request, reply) => makeJob(request, reply, kind, request.body),
    });
  }

  app.route({
    method: 'GET',
    url: '/v1/jobs',
    config,
    schema: {
      operationId: 'listJobs',
      tags,
      summary: 'List jobs, newest first',
      querystring: jobsQuery,
      response: { 200: jobsPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query, caller: { tenant } }) => {
      const { state, limit = defaultLimit, cursor } = query;
      const rows = await listJobs(sql, tenant, state, limit + 1, cursors.decode(cursor));
      return pageOf(rows, limit, cursors, ({ id }) => id, showJob);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/jobs/:id',
    config,
    schema: {
      operationId: 'getJob',
      tags,
      summary: 'Show a job and its progress',
      response: { 200: jobSchema, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }) => showJob(await find(tenant, params)),
  });

  app.route({
    method: 'POST',
    url: '/v1/jobs/:id/cancel',
    config,
    schema: {
      operationId: 'cancelJob',
      tags,
      summary: 'End a job; what it has done stays done',
      response: { 202: jobSchema, ...errorAnswers('not_found', 'not_cancellable', ...bodyErrors) },
    },
    handler: async (request, reply) => {
      const { tenant, key: by } = request.caller;
      const { id } = await find(tenant, request.params);
      const hasEnded = await endJob(sql, tenant, id, 'cancelled');
      const job = await find(tenant, request.params);
      if (!hasEnded) throw new Problem('not_cancellable', `The job has already ended. Its state: ${job.state}.`);
      request.log.info({ job: id, by }, 'job cancelled');
      reply.code(202);
      return showJob(job);
    },
  });
}

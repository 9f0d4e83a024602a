import { listReports, type ReportRow } from '../../store/housekeeping/housekeeping.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import type { Api } from '../route.ts';
import { reportsPage, reportsQuery, type ReportAnswer } from '../schemas/housekeeping.ts';
import { defaultLimit } from '../schemas/list.ts';
import { errorAnswers } from '../schemas/problem.ts';

const cursors = cursorsOf('housekeeping', /^[1-9][0-9]{0,15}$/);

/** The route that lists, for all tenants, what housekeeping removed. */
export function housekeepingRoutes(app: Api, { sql }: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/housekeeping',
    schema: {
      operationId: 'listHousekeepingReports',
      tags: ['housekeeping'],
      summary: 'List what was removed by age, by pass, tenant and kind, newest first',
      querystring: reportsQuery,
      response: { 200: reportsPage, ...errorAnswers('invalid') },
    },
    config: { scope: 'administrator' },
    handler: async ({ query }) => {
      const { limit = defaultLimit, cursor } = query;
      const before = cursors.decode(cursor);
      const rows = await listReports(sql, limit + 1, before === undefined ? undefined : Number(before));
      return pageOf(rows, limit, cursors, ({ id }) => String(id), show);
    },
  });
}

function show({ pass, tenant, kind, removed, startedAt, endedAt }: ReportRow): ReportAnswer {
  return { pass, tenant, kind, removed, startedAt: startedAt.toISOString(), endedAt: endedAt.toISOString() };
}

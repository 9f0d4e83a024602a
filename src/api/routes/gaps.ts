import { listGaps, type GapRow } from '../../store/inbound/gaps.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import type { Api } from '../route.ts';
import { gapsPage, gapsQuery, type GapAnswer } from '../schemas/gap.ts';
import { defaultLimit } from '../schemas/list.ts';
import { errorAnswers } from '../schemas/problem.ts';

const cursors = cursorsOf('gaps', /^[1-9][0-9]{0,15}$/);

/**
 * The route that lists, for all tenants, when no process listened at the hooks, and what was read to make up for it.
 */
export function gapRoutes(app: Api, { sql }: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/gaps',
    config: { scope: 'administrator' },
    schema: {
      operationId: 'listGaps',
      tags: ['hooks'],
      summary:
        'List the times when no process listened at the hooks or a platform sent nothing, and what was read later, ' +
        'newest first',
      querystring: gapsQuery,
      response: { 200: gapsPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query }) => {
      const { limit = defaultLimit, cursor } = query;
      const before = cursors.decode(cursor);
      const rows = await listGaps(sql, limit + 1, before === undefined ? undefined : Number(before));
      return pageOf(rows, limit, cursors, ({ id }) => String(id), show);
    },
  });
}

function show({ tenant, connection, fromAt, toAt, doneAt, report }: GapRow): GapAnswer {
  return {
    tenant,
    connection,
    from: fromAt.toISOString(),
    to: toAt.toISOString(),
    caughtUpAt: doneAt?.toISOString() ?? null,
    rooms: (report ?? []).map(({ lacks, ...room }) => ({ ...room, lacks: [...lacks] })),
  };
}

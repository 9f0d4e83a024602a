import { subscriptionIdPattern } from '../../domain/ids.ts';
import { listSubscriptions, type SubscriptionRow } from '../../store/inbound/subscriptions.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import type { Api } from '../route.ts';
import { defaultLimit } from '../schemas/list.ts';
import { errorAnswers } from '../schemas/problem.ts';
import { subscriptionsPage, subscriptionsQuery, type SubscriptionAnswer } from '../schemas/subscription.ts';

const cursors = cursorsOf('subscriptions', subscriptionIdPattern);

/** The route that lists the subscriptions that Carillon keeps at platforms for the events of bridged rooms. */
export function subscriptionRoutes(app: Api, { sql }: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/subscriptions',
    config: { scope: 'deliveries:operate' },
    schema: {
      operationId: 'listSubscriptions',
      tags: ['hooks'],
      summary: 'List the subscriptions by which platforms send the events of bridged rooms, oldest first',
      querystring: subscriptionsQuery,
      response: { 200: subscriptionsPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query, caller: { tenant } }) => {
      const { limit = defaultLimit, cursor } = query;
      const rows = await listSubscriptions(sql, tenant, limit + 1, cursors.decode(cursor) ?? '');
      return pageOf(rows, limit, cursors, ({ id }) => id, show);
    },
  });
}

function show({ didAt, goodUntil, keptAt, checkedAt, ...rest }: SubscriptionRow): SubscriptionAnswer {
  const shown = (date: Date | null): string | null => date?.toISOString() ?? null;
  return {
    ...rest,
    didAt: shown(didAt),
    goodUntil: shown(goodUntil),
    keptAt: shown(keptAt),
    checkedAt: checkedAt.toISOString(),
  };
}

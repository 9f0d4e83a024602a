import { findReason, isFamily, membersOf, reasons } from '../../domain/reasons.ts';
import type { ReasonEntry } from '../../domain/reasons/entry.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { Api } from '../route.ts';
import { defaultLimit } from '../schemas/list.ts';
import { errorAnswers } from '../schemas/problem.ts';
import { reasonsPage, reasonsQuery, type ReasonEntryAnswer } from '../schemas/reason.ts';

const cursors = cursorsOf('reasons', /^[a-z0-9_*]{1,100}$/);

/** The table by code. It is part of this version, so no page can change while it is read. */
const table = Object.entries<ReasonEntry>(reasons).sort(([a], [b]) => (a < b ? -1 : 1));

/** The route that explains the codes of reasons. */
export function reasonRoutes(app: Api): void {
  app.route({
    method: 'GET',
    url: '/v1/reasons',
    config: { scope: 'messages:read' },
    schema: {
      operationId: 'listReasons',
      tags: ['deliveries'],
      summary: 'List what the codes of reasons mean, why they happen and what to do, by code',
      querystring: reasonsQuery,
      response: { 200: reasonsPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query }) => {
      const { code, limit = defaultLimit, cursor } = query;
      const after = cursors.decode(cursor) ?? '';
      const wanted = code === undefined ? table : entriesOf(code);
      const rows = wanted.filter(([key]) => key > after).slice(0, limit + 1);
      return pageOf(rows, limit, cursors, ([key]) => key, show);
    },
  });
}

function entriesOf(code: string): [string, ReasonEntry][] {
  const entry = findReason(code);
  return entry === undefined ? [] : [[code, entry]];
}

function show([code, entry]: [string, ReasonEntry]): ReasonEntryAnswer {
  const { kind, affects, connectors, meaning, cause, action } = entry;
  const members = isFamily(code) ? membersOf(code) : [];
  return {
    code,
    ...(isFamily(code) ? { isFamily: true } : {}),
    ...(members.length === 0 ? {} : { members }),
    kind,
    affects,
    ...(connectors === undefined ? {} : { connectors: [...connectors] }),
    meaning,
    cause,
    action,
  };
}

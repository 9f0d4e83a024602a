import { Type, type Static } from 'typebox';
import { instant, pageQuery, pageSchema } from './list.ts';

/** What one pass of housekeeping removed of one kind of data of one tenant. */
export const reportSchema = Type.Object(
  {
    pass: Type.String({ description: "The id of the pass's run in Temporal." }),
    tenant: Type.String(),
    kind: Type.String({
      description: '`content`, `attempts`, `events`, `dedupe`, `messages` or `jobs`. More kinds may be added.',
    }),
    removed: Type.Integer({
      description: 'How many were removed for good. A message counts as one, with everything that belongs to it.',
    }),
    startedAt: instant('When the pass removed the first of them.'),
    endedAt: instant('When it removed the last one so far.'),
  },
  { title: 'HousekeepingReport', additionalProperties: false },
);
export type ReportAnswer = Static<typeof reportSchema>;

export const reportsPage = pageSchema(reportSchema, 'HousekeepingReportsPage');

export const reportsQuery = Type.Object(pageQuery, { additionalProperties: false });

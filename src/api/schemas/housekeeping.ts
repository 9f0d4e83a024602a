import { Type, type Static } from 'typebox';
import { instant, pageQuery, pageSchema } from './list.ts';

/** What one pass of housekeeping removed of one kind of data of one tenant. */
export const reportSchema = Type.Object(
  {
    pass: Type.String({ description: "The id of the pass's run in Temporal." }),
    tenant: Type.String(),
    kind: Type.String({
      description: '`content`, `attempts`, `events`, `dedupe`, `messages` or `jobs`. More will come.',
    }),
    removed: Type.Integer({ description: 'What is gone for good; a message counts as one, with all that hung on it.' }),
    startedAt: instant('When the pass removed the first of them.'),
    endedAt: instant('When it removed the last so far.'),
  },
  { title: 'HousekeepingReport', additionalProperties: false },
);
export type ReportAnswer = Static<typeof reportSchema>;

export const reportsPage = pageSchema(reportSchema, 'HousekeepingReportsPage');

export const reportsQuery = Type.Object(pageQuery, { additionalProperties: false });

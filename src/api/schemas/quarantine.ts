import { Type, type Static } from 'typebox';
import { instant, pageQuery, pageSchema } from './list.ts';

const shown = {
  id: Type.String({ description: '`inb_…`' }),
  connection: Type.String(),
  receivedAt: instant('When it arrived.'),
  reason: Type.Object({ code: Type.String(), message: Type.String() }, { additionalProperties: false }),
};

/** A request of a platform that Carillon did not understand. */
export const quarantinedSchema = Type.Object(shown, { title: 'Quarantined', additionalProperties: false });
export type QuarantinedAnswer = Static<typeof quarantinedSchema>;

export const quarantinedRequestSchema = Type.Object(
  {
    ...shown,
    request: Type.Object(
      {
        method: Type.String(),
        path: Type.String({ description: 'The part after `/hooks/{connection}`.' }),
        query: Type.String(),
        body: Type.String({ description: 'As text. Bytes that are not UTF-8 are replaced.' }),
      },
      { additionalProperties: false },
    ),
  },
  { title: 'QuarantinedRequest', additionalProperties: false },
);

export const quarantinePage = pageSchema(quarantinedSchema, 'QuarantinePage');
export const quarantineQuery = Type.Object({ ...pageQuery }, { additionalProperties: false });

export const replayedSchema = Type.Object(
  {
    id: Type.String(),
    events: Type.Integer({ description: 'The number of events in it, including those that had arrived before.' }),
  },
  { title: 'ReplayedQuarantine', additionalProperties: false },
);

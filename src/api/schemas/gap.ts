import { Type, type Static } from 'typebox';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';

const room = Type.Object(
  {
    tenant: Type.String(),
    connection: Type.String(),
    destination: Type.String(),
    read: Type.Integer({ description: 'Events found in the history of the room.' }),
    fresh: Type.Integer({ description: 'Of them, those that had not come before.' }),
    lacks: Type.Array(Type.String(), {
      description: 'What cannot be learned from this platform, or why it was not read.',
    }),
  },
  { title: 'RoomReport', additionalProperties: false },
);

/** A time in which no process listened at the hooks, or one platform sent nothing. */
export const gapSchema = Type.Object(
  {
    tenant: Type.Union([Type.String(), Type.Null()], { description: 'Null where nobody listened.' }),
    connection: Type.Union([Type.String(), Type.Null()], {
      description: 'Whose platform sent nothing; null where nobody listened to any.',
    }),
    from: instant('When somebody listened last before it, or the platform may have sent last.'),
    to: instant('When somebody listened again, or it sent again.'),
    caughtUpAt: instantOrNull('When all rooms were read; until then it is under way.'),
    rooms: Type.Array(room),
  },
  { title: 'Gap', additionalProperties: false },
);
export type GapAnswer = Static<typeof gapSchema>;

export const gapsPage = pageSchema(gapSchema, 'GapsPage');
export const gapsQuery = Type.Object(pageQuery, { additionalProperties: false });

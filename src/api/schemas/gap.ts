import { Type, type Static } from 'typebox';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';

const room = Type.Object(
  {
    tenant: Type.String(),
    connection: Type.String(),
    destination: Type.String(),
    read: Type.Integer({ description: 'The number of events in the history of the room.' }),
    fresh: Type.Integer({ description: 'How many of them Carillon did not have yet.' }),
    lacks: Type.Array(Type.String(), {
      description: 'What this platform cannot tell, or why the room was not read.',
    }),
  },
  { title: 'RoomReport', additionalProperties: false },
);

/** A time in which no process listened at the hooks, or one platform sent nothing. */
export const gapSchema = Type.Object(
  {
    tenant: Type.Union([Type.String(), Type.Null()], { description: 'Null when no process listened at all.' }),
    connection: Type.Union([Type.String(), Type.Null()], {
      description: 'The connection whose platform sent nothing. Null when no process listened at all.',
    }),
    from: instant('When a process last listened before the gap, or the platform may have last sent something.'),
    to: instant('When a process listened again, or the platform sent something again.'),
    caughtUpAt: instantOrNull('When all rooms had been read. Null while that is under way.'),
    rooms: Type.Array(room),
  },
  { title: 'Gap', additionalProperties: false },
);
export type GapAnswer = Static<typeof gapSchema>;

export const gapsPage = pageSchema(gapSchema, 'GapsPage');
export const gapsQuery = Type.Object(pageQuery, { additionalProperties: false });

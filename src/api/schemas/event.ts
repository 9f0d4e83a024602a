import { Type, type Static } from 'typebox';
import { instant } from './list.ts';

const idOrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

export const eventSchema = Type.Object(
  {
    id: Type.String({ description: 'Opaque. It is also the cursor for the events after this one.' }),
    type: Type.String({ description: 'Such as `carillon.delivery.parked` or `carillon.message.delivered`.' }),
    message: idOrNull('The message that the event is about.'),
    delivery: idOrNull('The delivery that the event is about, if any.'),
    destination: idOrNull('The destination of the delivery.'),
    at: instant('When it happened.'),
    data: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description:
        'Details that depend on the type: the previous state (`from`), `attempts`, `reason`. Fields may be added.',
    }),
  },
  { title: 'Event', additionalProperties: false },
);
export type EventAnswer = Static<typeof eventSchema>;

export const eventsPage = Type.Object(
  {
    data: Type.Array(eventSchema),
    nextCursor: Type.String({
      description:
        'Always present. Send it as `after` to continue; after a page without events, wait a moment first. It moves ' +
        'on even when nothing has matched.',
    }),
  },
  { title: 'EventsPage', additionalProperties: false },
);

export const defaultEventLimit = 50;

export const eventsQuery = Type.Object(
  {
    type: Type.Optional(
      Type.Array(Type.String({ pattern: '^([A-Za-z0-9][A-Za-z0-9._:/+-]*)?\\*?$', minLength: 1, maxLength: 255 }), {
        minItems: 1,
        maxItems: 20,
        description:
          'One type, or several as `type=…&type=…`. A `*` at the end matches all types with that prefix, as in ' +
          '`carillon.delivery.*`.',
      }),
    ),
    destination: Type.Optional(Type.String()),
    conversation: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
    after: Type.Optional(
      Type.String({
        maxLength: 500,
        description:
          'A `nextCursor`, or the id of an event. Without it, polling starts at the oldest event that is kept, and a ' +
          'stream starts now.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 500,
        default: defaultEventLimit,
        description: 'The most events in one answer. For polling only.',
      }),
    ),
  },
  { additionalProperties: false },
);

import { Type, type Static } from 'typebox';
import { inboundKinds, inboxStates } from '../../domain/inbound.ts';
import { choice } from './choice.ts';
import { reasonSchema } from './delivery.ts';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';

const state = choice(inboxStates, {
  description:
    '`received`: will be routed now. `fetching`: its content is fetched from the platform. `waiting`: waits for the ' +
    'message that it is about. `routed`: became a message, or changed one. `ignored`: was not used; `reason` says why.',
});

/** An event that a platform sent, and what became of it. */
const arrivedSchema = Type.Object(
  {
    id: Type.String({ description: '`inb_…`' }),
    connection: Type.String(),
    room: Type.String({ description: "The platform's own id of the room." }),
    kind: choice(inboundKinds, { description: 'What happened in the room.' }),
    state,
    reason: Type.Optional(reasonSchema),
    message: Type.Union([Type.String(), Type.Null()], {
      description: 'The message that the event became or changed. Null before that, and when the event was ignored.',
    }),
    waitsFor: Type.Union([Type.String(), Type.Null()], {
      description: "The platform's id of the message that the event waits for.",
    }),
    tries: Type.Integer({ description: 'How often it was looked at.' }),
    receivedAt: instant('When it arrived.'),
    nextLookAt: instantOrNull('The latest time of the next look. Null when the event is done.'),
    doneAt: instantOrNull('When it was routed or ignored.'),
  },
  { title: 'Arrived', additionalProperties: false },
);
export type ArrivedAnswer = Static<typeof arrivedSchema>;

export const inboxPage = pageSchema(arrivedSchema, 'InboxPage');
export const inboxQuery = Type.Object(
  {
    ...pageQuery,
    state: Type.Optional(state),
    connection: Type.Optional(Type.String({ maxLength: 64 })),
    room: Type.Optional(Type.String({ maxLength: 500 })),
  },
  { additionalProperties: false },
);

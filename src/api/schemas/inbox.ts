import { Type, type Static } from 'typebox';
import { inboundKinds, inboxStates } from '../../domain/inbound.ts';
import { choice } from './choice.ts';
import { reasonSchema } from './delivery.ts';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';

const state = choice(inboxStates, {
  description:
    '`received`: is routed now; `fetching`: its content is fetched from the platform; `waiting`: for what it is about; ' +
    '`routed`: became a message, or changed one; `ignored`: was passed over, `reason` says why.',
});

/** An event that a platform sent, and what became of it. */
const arrivedSchema = Type.Object(
  {
    id: Type.String({ description: '`inb_…`' }),
    connection: Type.String(),
    room: Type.String({ description: "The platform's own id of it." }),
    kind: choice(inboundKinds, { description: 'What happened there.' }),
    state,
    reason: Type.Optional(reasonSchema),
    message: Type.Union([Type.String(), Type.Null()], {
      description: 'That it became, or that it changed; null before, and where it was passed over.',
    }),
    waitsFor: Type.Union([Type.String(), Type.Null()], {
      description: "The platform's id of what it is about, and what did not come yet.",
    }),
    tries: Type.Integer({ description: 'Times that it was looked at.' }),
    receivedAt: instant('When it came.'),
    nextLookAt: instantOrNull('When it is looked at again at the latest; null once it is done.'),
    doneAt: instantOrNull('When it was routed or passed over.'),
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

import { Type, type Static } from 'typebox';
import { choice } from './choice.ts';
import { idSchema } from './connection.ts';
import { instant, pageSchema } from './list.ts';

const members = Type.Array(Type.String(), {
  minItems: 2,
  maxItems: 50,
  uniqueItems: true,
  description: 'The destinations that are kept in sync: what is said in one is delivered to all others.',
});
const order = choice(['thread', 'room'], {
  default: 'thread',
  description:
    '`thread`: each thread keeps its own order, and threads do not wait for each other. `room`: the whole room ' +
    'keeps one order, so a delivery that is stuck holds up all later ones (see `onParked`).',
});
const shown = { readOnly: true };

export const bridgeInputSchema = Type.Object(
  {
    id: Type.Optional(idSchema),
    members,
    order: Type.Optional(order),
    createdAt: Type.Optional(Type.String({ format: 'date-time', ...shown })),
    updatedAt: Type.Optional(Type.String({ format: 'date-time', ...shown })),
  },
  { title: 'BridgeInput', additionalProperties: false },
);
export type BridgeInput = Static<typeof bridgeInputSchema>;

export const bridgeSchema = Type.Object(
  {
    id: Type.String(),
    members: Type.Array(Type.String()),
    order: choice(['thread', 'room']),
    createdAt: instant('When it was created.'),
    updatedAt: instant('When it was last changed.'),
  },
  { title: 'Bridge', additionalProperties: false },
);
export type BridgeAnswer = Static<typeof bridgeSchema>;

export const bridgesPage = pageSchema(bridgeSchema, 'BridgesPage');

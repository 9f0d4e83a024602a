import { Type, type Static } from 'typebox';
import { deliveryClasses } from '../../domain/delivery-class.ts';
import { deliveryStates } from '../../domain/delivery.ts';
import { choice } from './choice.ts';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';

export const deliveryState = choice(deliveryStates);

export const reasonSchema = Type.Object(
  {
    code: Type.String({ description: 'Stable, such as `http_500`, `timeout`, `attempts_exhausted`.' }),
    message: Type.String(),
    status: Type.Optional(Type.Integer({ description: "The platform's, where it had one." })),
  },
  { title: 'Reason', additionalProperties: false },
);

export const receiptSchema = Type.Object(
  {
    nativeId: Type.String({ description: "The platform's own id; for a webhook the delivery's." }),
    url: Type.Optional(Type.String()),
    version: Type.Integer({ description: 'Of the content that was sent.' }),
    at: instant('When it was known to be delivered.'),
  },
  { title: 'Receipt', additionalProperties: false },
);

export const intentSchema = Type.Object(
  {
    via: Type.String({ description: '`request` where the message named the destination.' }),
    class: Type.Union([choice(deliveryClasses), Type.Null()], {
      description: "The message's; null: the destination's policy.",
    }),
    expiresAt: instantOrNull('When it is worth nothing any more.'),
    policy: Type.String({ description: "The retry policy's name; `custom` where it was given in full." }),
    deadline: instantOrNull('When it is given up. Known from the first attempt on; null before, or without one.'),
    deadlineAfter: Type.Union([Type.String(), Type.Null()], {
      description: 'What the policy grants from the first attempt, such as `45m`; null without a deadline.',
    }),
  },
  { title: 'Intent', additionalProperties: false, description: 'What was promised when the message was accepted.' },
);

const inMessage = {
  id: Type.String(),
  destination: Type.String(),
  state: deliveryState,
  attempts: Type.Integer({ description: 'Made, over all rounds.' }),
  maxAttempts: Type.Integer({ description: 'Allowed; a manual retry grants one more round.' }),
  nextAttemptAt: instantOrNull('When it is tried again; null where no time is set.'),
  action: choice(['create', 'edit', 'delete', 'react', 'unreact'], {
    description: 'What is to happen at the destination.',
  }),
  reason: Type.Optional(reasonSchema),
  degraded: Type.Optional(Type.Array(reasonSchema, { description: 'What was left out or done otherwise than asked.' })),
  late: Type.Boolean({ description: 'A later message of the conversation went out before it.' }),
  doubled: Type.Boolean({ description: 'It is known to have arrived twice.' }),
  intent: intentSchema,
  parts: Type.Optional(
    Type.Object(
      {
        total: Type.Integer({ description: 'Posts that it goes out as.' }),
        arrived: Type.Integer({ description: 'How many of them have arrived.' }),
      },
      { additionalProperties: false, description: 'Of a message that is too long for one post there.' },
    ),
  ),
  receipt: Type.Optional(receiptSchema),
};

export const messageDeliverySchema = Type.Object(inMessage, { title: 'MessageDelivery', additionalProperties: false });

export const deliverySchema = Type.Object(
  {
    ...inMessage,
    message: Type.String(),
    conversation: Type.Union([Type.String(), Type.Null()]),
    workflowId: Type.String({ description: 'Its run in Temporal.' }),
    createdAt: instant('When its message was accepted.'),
    settledAt: instantOrNull('Since when it is at rest.'),
  },
  { title: 'Delivery', additionalProperties: false },
);
export type DeliveryAnswer = Static<typeof deliverySchema>;
export type MessageDeliveryAnswer = Static<typeof messageDeliverySchema>;

export const deliveriesPage = pageSchema(deliverySchema, 'DeliveriesPage');

export const deliveriesQuery = Type.Object(
  {
    state: Type.Optional(
      Type.Array(deliveryState, { minItems: 1, description: 'One, or several as `state=parked&state=uncertain`.' }),
    ),
    destination: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
    conversation: Type.Optional(Type.String()),
    ...pageQuery,
  },
  { additionalProperties: false },
);

export const summarySchema = Type.Object(
  {
    data: Type.Array(
      Type.Object(
        {
          destination: Type.String(),
          state: choice(['parked', 'uncertain']),
          reason: Type.Union([Type.String(), Type.Null()], { description: "The reason's code." }),
          count: Type.Integer(),
          oldestAt: instant('Since when the oldest of them is at rest.'),
          oldestAgeSeconds: Type.Integer(),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { title: 'DeliveriesSummary', additionalProperties: false },
);

/** The optional body of a retry or cancel. */
export const commandBody = Type.Union(
  [
    Type.Object(
      { reason: Type.Optional(Type.String({ maxLength: 500, description: 'For the log.' })) },
      { additionalProperties: false },
    ),
    Type.Null(),
  ],
  { title: 'Command' },
);

export const commandedSchema = Type.Object(
  { data: Type.Array(messageDeliverySchema) },
  { title: 'CommandedDeliveries', additionalProperties: false, description: "All of the message's deliveries." },
);

import { Type, type Static } from 'typebox';
import { deliveryClasses } from '../../domain/delivery-class.ts';
import { deliveryStates } from '../../domain/delivery.ts';
import { gaveUpCauses } from '../../domain/failure.ts';
import { choice } from './choice.ts';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';

export const deliveryState = choice(deliveryStates);

export const reasonSchema = Type.Object(
  {
    code: Type.String({
      description: 'A stable code, such as `http_500` or `timeout`. `GET /v1/reasons` explains it.',
    }),
    message: Type.String(),
    status: Type.Optional(Type.Integer({ description: "The status code of the platform's answer, if any." })),
  },
  { title: 'Reason', additionalProperties: false },
);

const deliveryReasonSchema = Type.Object(
  {
    ...reasonSchema.properties,
    gaveUp: Type.Optional(
      choice(gaveUpCauses, {
        description:
          'Why no further attempt is made, beside the answer to the last one: attempts or time are used up, or the answer was permanent.',
      }),
    ),
  },
  { title: 'DeliveryReason', additionalProperties: false },
);

export const receiptSchema = Type.Object(
  {
    nativeId: Type.String({ description: "The platform's own id. For a webhook, the id of the delivery." }),
    url: Type.Optional(Type.String()),
    version: Type.Integer({ description: 'The version of the content that was sent.' }),
    at: instant('When it was known to be delivered.'),
  },
  { title: 'Receipt', additionalProperties: false },
);

export const intentSchema = Type.Object(
  {
    via: Type.String({
      description:
        'What chose the destination: `request` (the message named it), `replay`, or `bridge:` and the id of a bridge.',
    }),
    class: Type.Union([choice(deliveryClasses), Type.Null()], {
      description: 'The class of the message. Null: the policy of the destination applies.',
    }),
    expiresAt: instantOrNull('When the delivery expires.'),
    policy: Type.String({ description: 'The name of the retry policy, or `custom` for one that was given in full.' }),
    deadline: instantOrNull(
      'When the delivery is given up. Null before the first attempt, and when the policy has no deadline.',
    ),
    deadlineAfter: Type.Union([Type.String(), Type.Null()], {
      description: 'How long the policy tries, counted from the first attempt, such as `45m`. Null without a deadline.',
    }),
  },
  { title: 'Intent', additionalProperties: false, description: 'What was promised when the message was accepted.' },
);

const inMessage = {
  id: Type.String(),
  destination: Type.String(),
  state: deliveryState,
  attempts: Type.Integer({ description: 'The number of attempts so far, over all retry cycles.' }),
  maxAttempts: Type.Integer({
    description: 'The number of attempts that are allowed. A manual retry adds those of a new retry cycle.',
  }),
  nextAttemptAt: instantOrNull('When the next attempt is due. Null when no time is set.'),
  action: choice(['create', 'edit', 'delete', 'react', 'unreact'], {
    description: 'What the delivery does at the destination.',
  }),
  reason: Type.Optional(deliveryReasonSchema),
  degraded: Type.Optional(
    Type.Array(reasonSchema, { description: 'What was left out, or done otherwise than asked.' }),
  ),
  late: Type.Boolean({ description: 'A later message of the conversation went out before this one.' }),
  doubled: Type.Boolean({ description: 'The message is known to have arrived twice.' }),
  intent: intentSchema,
  parts: Type.Optional(
    Type.Object(
      {
        total: Type.Integer({ description: 'The number of posts that it goes out as.' }),
        arrived: Type.Integer({ description: 'The number of posts that have arrived.' }),
      },
      {
        additionalProperties: false,
        description: 'Only for a message that is too long for one post at the destination.',
      },
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
    workflowId: Type.String({ description: 'The id of its run in Temporal.' }),
    createdAt: instant('When its message was accepted.'),
    settledAt: instantOrNull('When it came to rest. Null until then.'),
  },
  { title: 'Delivery', additionalProperties: false },
);
export type DeliveryAnswer = Static<typeof deliverySchema>;
export type MessageDeliveryAnswer = Static<typeof messageDeliverySchema>;

export const deliveriesPage = pageSchema(deliverySchema, 'DeliveriesPage');

export const deliveriesQuery = Type.Object(
  {
    state: Type.Optional(
      Type.Array(deliveryState, {
        minItems: 1,
        description: 'One state, or several as `state=parked&state=uncertain`.',
      }),
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
          reason: Type.Union([Type.String(), Type.Null()], { description: 'The code of the reason.' }),
          count: Type.Integer(),
          oldestAt: instant('When the oldest of them came to rest.'),
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
      {
        reason: Type.Optional(
          Type.String({ maxLength: 500, description: 'Why the command is given. Written to the log.' }),
        ),
      },
      { additionalProperties: false },
    ),
    Type.Null(),
  ],
  { title: 'Command' },
);

export const commandedSchema = Type.Object(
  { data: Type.Array(messageDeliverySchema) },
  { title: 'CommandedDeliveries', additionalProperties: false, description: 'All deliveries of the message.' },
);

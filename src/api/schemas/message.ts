import { Type, type Static, type TSchema } from 'typebox';
import { deliveryClasses } from '../../domain/delivery-class.ts';
import { deliveryStates } from '../../domain/delivery.ts';
import { messageStates, priorities, type ChosenField, type Envelope, type Json } from '../../domain/message.ts';
import { choice } from './choice.ts';
import { messageDeliverySchema } from './delivery.ts';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';

export const maxDestinations = 200;
/** The form of an idempotency key: printable ASCII, so that a header can carry it. */
export const keyPattern = '^[\\x20-\\x7e]{1,255}$';

const fields = Type.Unsafe<{ [key: string]: Json }>({
  type: 'object',
  additionalProperties: true,
  description: 'Any JSON. It is passed on unchanged.',
});
const labels = Type.Unsafe<{ [key: string]: string }>({
  type: 'object',
  propertyNames: { type: 'string', pattern: '^[A-Za-z0-9_][A-Za-z0-9_./-]{0,62}$' },
  additionalProperties: { type: 'string', maxLength: 255 },
  maxProperties: 64,
});

export const senderSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 255 }),
    email: Type.Optional(Type.String({ format: 'email', maxLength: 320 })),
    avatarUrl: Type.Optional(Type.String({ format: 'uri', pattern: '^https?://', maxLength: 2048 })),
  },
  { title: 'Sender', additionalProperties: false },
);

export const contentSchema = Type.Object(
  {
    text: Type.String({
      minLength: 1,
      description: 'Markdown (CommonMark with GFM tables, strikethrough, autolinks).',
    }),
    fields: Type.Optional(fields),
  },
  { title: 'Content', additionalProperties: false },
);

const attachmentSchema = Type.Object(
  {
    url: Type.String({
      format: 'uri',
      pattern: '^https?://',
      maxLength: 2048,
      description: 'A public URL. The file is fetched once, without credentials, and linked where it cannot be posted.',
    }),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'Default: the last part of the URL.' }),
    ),
    mediaType: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+$',
        maxLength: 127,
        description: 'Such as `image/png`.',
      }),
    ),
  },
  { title: 'PostAttachment', additionalProperties: false },
);

export const postedContentSchema = Type.Object(
  {
    text: Type.Optional(contentSchema.properties.text),
    fields: contentSchema.properties.fields,
    attachments: Type.Optional(Type.Array(attachmentSchema, { minItems: 1, maxItems: 10 })),
  },
  { title: 'PostContent', additionalProperties: false },
);

const name = (description: string) => Type.String({ minLength: 1, maxLength: 255, description });

const classSchema = choice(deliveryClasses, {
  description:
    'Takes precedence over the policy of each destination. `must`: three days, then an operator must act. `should`: ' +
    'one day. `best-effort`: 15 minutes, then `expired`.',
});

export const postMessageSchema = Type.Object(
  {
    id: Type.Optional(
      Type.String({ pattern: keyPattern, description: 'The idempotency key, unless it is in the header.' }),
    ),
    text: Type.Optional(contentSchema.properties.text),
    content: Type.Optional(postedContentSchema),
    destinations: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        maxItems: maxDestinations,
        uniqueItems: true,
        description: 'The ids of destinations. Without them the message is stored as `unrouted`.',
      }),
    ),
    type: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9._:/+-]*$',
        maxLength: 255,
        default: 'message.created',
        description:
          '`message.created`, or a dotted type of your own such as `incident.opened`. `carillon.…` is reserved.',
      }),
    ),
    source: Type.Optional(Type.String({ pattern: '^\\S+$', maxLength: 255, default: 'api' })),
    conversation: Type.Optional(name('Messages of one conversation keep their order at each destination.')),
    sender: Type.Optional(senderSchema),
    correlationId: Type.Optional(name("Default: the message's id.")),
    occurredAt: Type.Optional(instant('Default: when it is received.')),
    dataVersion: Type.Optional(name("The version of the payload's own schema.")),
    priority: Type.Optional(choice(priorities, { default: 'normal' })),
    class: Type.Optional(classSchema),
    expiresAt: Type.Optional(
      instant('After this time the message is of no use: deliveries that are not done then become `expired`.'),
    ),
    sendAt: Type.Optional(
      instant('The message goes out at this time, and takes its place in its conversation then. At most a year ahead.'),
    ),
    thread: Type.Optional(Type.String({ description: 'The id (`msg_…`) of the message that it replies to.' })),
    labels: Type.Optional(labels),
  } satisfies Record<ChosenField | 'id' | 'text' | 'content' | 'destinations' | 'sender', TSchema>,
  { title: 'PostMessage', additionalProperties: false },
);
export type PostMessage = Static<typeof postMessageSchema>;

/** Fields that are planned for a later version. Until then they are refused. */
export const plannedMessageFields = [['confirm'], ['refersTo'], ['content', 'native'], ['sender', 'native']] as const;

export const acceptedSchema = Type.Object(
  {
    id: Type.String({ description: '`msg_…`' }),
    state: choice(messageStates),
    duplicate: Type.Boolean({ description: 'The key is known. This is the first message in its current state.' }),
    deliveries: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          destination: Type.String(),
          state: choice(deliveryStates),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { title: 'AcceptedMessage', additionalProperties: false },
);

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

const envelope = {
  id: Type.String(),
  tenant: Type.String(),
  type: Type.String(),
  source: Type.String(),
  occurredAt: instant('When it happened.'),
  receivedAt: instant('When it was accepted.'),
  schemaVersion: Type.String({ description: 'The version of this envelope.' }),
  dataVersion: Type.Optional(Type.String()),
  sequence: nullable(Type.Integer({ description: 'The position in its conversation. Gaps have no meaning.' })),
  dedupeKey: Type.String(),
  correlationId: Type.String(),
  conversation: nullable(Type.String()),
  priority: choice(priorities),
  class: Type.Optional(classSchema),
  sendAt: Type.Optional(instant('When the message goes out, or went out.')),
  expiresAt: Type.Optional(instant('When deliveries that are not done expire.')),
  thread: Type.Optional(Type.String({ description: 'The message that it replies to.' })),
  refersTo: Type.Optional(Type.String({ description: 'The message that it edits, deletes or reacts to.' })),
  replayOf: Type.Optional(Type.String({ description: 'The message that it is a replay of.' })),
  version: Type.Integer({ description: 'The version of the content: 1, plus one for each edit.' }),
  deletedAt: Type.Optional(instant('When the message was deleted.')),
  labels,
  state: choice(messageStates),
  workflowId: Type.String({ description: 'The id of its run in Temporal.' }),
} satisfies Record<keyof Envelope | 'dedupeKey' | 'version' | 'deletedAt' | 'state' | 'workflowId', TSchema>;

export const messageItemSchema = Type.Object(envelope, { title: 'MessageItem', additionalProperties: false });
export type MessageItem = Static<typeof messageItemSchema>;

/** The sender of a shown message. A sender from a platform also has `native`, which a caller cannot set. */
const shownSender = Type.Object(
  {
    ...senderSchema.properties,
    native: Type.Optional(
      Type.Object(
        { connection: Type.String(), connector: Type.String(), id: Type.String() },
        { additionalProperties: false, description: 'The account on the platform where it was said.' },
      ),
    ),
  },
  { title: 'ShownSender', additionalProperties: false },
);
const shownContent = Type.Object(
  {
    ...contentSchema.properties,
    text: Type.String({ description: 'Markdown. Empty when there are only files, and for a reaction.' }),
    emoji: Type.Optional(Type.String({ description: 'For a reaction: Unicode, or `:name:`.' })),
    attachments: Type.Optional(
      Type.Array(
        Type.Object(
          {
            id: Type.String(),
            name: Type.String(),
            mediaType: Type.Optional(Type.String()),
            size: Type.Optional(Type.Integer({ description: 'Bytes.' })),
            page: Type.Optional(Type.String({ description: 'Where a person can look at the file.' })),
          },
          { title: 'Attachment', additionalProperties: false },
        ),
      ),
    ),
  },
  { title: 'ShownContent', additionalProperties: false },
);

export const messageSchema = Type.Object(
  {
    ...envelope,
    sender: nullable(shownSender),
    content: nullable(shownContent),
    contentErasedAt: Type.Optional(instant('When `content` and `sender` were erased by age. Missing until then.')),
    deliveries: Type.Array(messageDeliverySchema),
    timeline: Type.Object(
      {
        accepted: instant('When the message was stored and its sender got the 202.'),
        dispatched: instantOrNull('When its run was started.'),
        firstAttempt: instantOrNull('When the first attempt of any delivery began.'),
        delivered: instantOrNull('When it was delivered everywhere.'),
        rested: instantOrNull('When all its deliveries had come to rest.'),
      },
      { additionalProperties: false },
    ),
  },
  { title: 'Message', additionalProperties: false },
);
export type MessageAnswer = Static<typeof messageSchema>;

export const messagesPage = pageSchema(messageItemSchema, 'MessagesPage');

export const messagesQuery = Type.Object(
  {
    state: Type.Optional(Type.Array(choice(messageStates), { minItems: 1 })),
    destination: Type.Optional(Type.String()),
    source: Type.Optional(Type.String()),
    conversation: Type.Optional(Type.String()),
    correlationId: Type.Optional(Type.String()),
    since: Type.Optional(instant('Received at this time or later.')),
    until: Type.Optional(instant('Received before this time.')),
    ...pageQuery,
  },
  { additionalProperties: false },
);

import { Type, type Static } from 'typebox';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';

/** A subscription by which a platform sends Carillon the events of one room. */
export const subscriptionSchema = Type.Object(
  {
    id: Type.String({ description: '`sub_…`' }),
    connection: Type.String(),
    room: Type.String({ description: "The platform's own id of the room." }),
    destination: Type.String({ description: 'A destination that has the room as its address.' }),
    state: Type.Union([Type.Literal('active'), Type.Literal('failing'), Type.Literal('refused')], {
      description:
        '`active`: the platform sends events. `failing`: it could not be kept just now, and is tried again. ' +
        '`refused`: the platform or the configuration does not allow it, and somebody must change something; it is ' +
        'tried again with each check.',
    }),
    did: Type.Union([Type.String(), Type.Null()], {
      description: 'The last change: `created`, `renewed`, `enabled` (the platform had switched it off) or `replaced`.',
    }),
    didAt: instantOrNull('When that change was made.'),
    goodUntil: instantOrNull('Until when the platform keeps it without a renewal. Null: for ever, or not known.'),
    keptAt: instantOrNull('When it was last seen active.'),
    checkedAt: instant('When it was last checked.'),
    reason: Type.Union(
      [
        Type.Object(
          { code: Type.String(), message: Type.String(), status: Type.Optional(Type.Integer()) },
          { additionalProperties: false },
        ),
        Type.Null(),
      ],
      { description: 'Why it is not active.' },
    ),
  },
  { title: 'Subscription', additionalProperties: false },
);
export type SubscriptionAnswer = Static<typeof subscriptionSchema>;

export const subscriptionsPage = pageSchema(subscriptionSchema, 'SubscriptionsPage');
export const subscriptionsQuery = Type.Object(pageQuery, { additionalProperties: false });

import { Type, type Static } from 'typebox';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';

/** A subscription by which a platform sends Carillon the events of one room. */
export const subscriptionSchema = Type.Object(
  {
    id: Type.String({ description: '`sub_…`' }),
    connection: Type.String(),
    room: Type.String({ description: 'As the platform names it.' }),
    destination: Type.String({ description: 'One that names the room.' }),
    state: Type.Union([Type.Literal('active'), Type.Literal('failing'), Type.Literal('refused')], {
      description:
        '`active`: the platform sends events. `failing`: it could not be kept just now, and is tried again. `refused`: the platform or the configuration says no, and somebody has to change something; it is tried again with each look.',
    }),
    did: Type.Union([Type.String(), Type.Null()], {
      description:
        'What was done last: `created`, `renewed`, `enabled` (the platform had switched it off), `replaced`.',
    }),
    didAt: instantOrNull('When that was.'),
    goodUntil: instantOrNull('Until when the platform keeps it without us; null where for ever, or not known.'),
    keptAt: instantOrNull('When it was last seen active.'),
    checkedAt: instant('When it was last looked at.'),
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

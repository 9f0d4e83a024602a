import { Type, type Static } from 'typebox';
import { durationPattern, retryPolicies, type RetryPolicyName } from '../../domain/retry.ts';
import { choice } from './choice.ts';
import { idSchema } from './connection.ts';
import { instant, pageSchema } from './list.ts';
import { rateSchema as rate } from './rate.ts';

const duration = (description: string) => Type.String({ pattern: durationPattern, description });

export const retrySchema = Type.Union(
  [
    choice(Object.keys(retryPolicies) as RetryPolicyName[]),
    Type.Object(
      {
        initialInterval: Type.Optional(duration('The first wait.')),
        multiplier: Type.Optional(Type.Number({ minimum: 1, maximum: 10 })),
        maxInterval: Type.Optional(duration('The longest wait.')),
        maxAttempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
        deadline: Type.Optional(duration('Counted from the first attempt. Without it there is no deadline.')),
      },
      { additionalProperties: false, description: 'Missing fields are taken from the default policy.' },
    ),
  ],
  { description: 'A policy by its name, or in full. Default: `thirty-minutes`.' },
);

const values = Type.Unsafe<{ [key: string]: unknown }>({ type: 'object', additionalProperties: true });
const order = choice(['conversation', 'none'], { default: 'conversation' });
const ambiguous = choice(['at-least-once', 'at-most-once'], {
  default: 'at-least-once',
  description: 'What to do after an attempt that may have arrived when the platform cannot tell: send again, or stop.',
});
const timeout = Type.String({
  pattern: durationPattern,
  default: '10s',
  description: 'The time limit of one attempt, 100ms to 60s.',
});

const onParked = choice(['pass', 'hold'], {
  default: 'hold',
  description:
    'What the later deliveries of a conversation do when one parks: `pass` lets them go on, `hold` makes them wait.',
});
const holdFor = Type.String({
  pattern: `${durationPattern}|^forever$`,
  default: '5m',
  description:
    'How long they wait. Counted once, from the first delivery that parks until one of the conversation is ' +
    'delivered. `forever` waits for an operator.',
});
export const destinationInputSchema = Type.Object(
  {
    id: Type.Optional(idSchema),
    connection: Type.String({ description: 'The id of the connection to use.' }),
    address: Type.Optional(values),
    retry: Type.Optional(retrySchema),
    order: Type.Optional(order),
    ambiguous: Type.Optional(ambiguous),
    timeout: Type.Optional(timeout),
    onParked: Type.Optional(onParked),
    holdFor: Type.Optional(holdFor),
    rate: Type.Optional(rate),
    createdAt: Type.Optional(Type.String({ format: 'date-time', readOnly: true })),
    updatedAt: Type.Optional(Type.String({ format: 'date-time', readOnly: true })),
  },
  { title: 'DestinationInput', additionalProperties: false },
);
export type DestinationInput = Static<typeof destinationInputSchema>;

/** Fields that are planned for a later version. Until then they are refused. */
export const plannedDestinationFields = [['group']] as const;

export const destinationSchema = Type.Object(
  {
    id: Type.String(),
    connection: Type.String(),
    address: values,
    retry: retrySchema,
    order,
    ambiguous,
    timeout,
    onParked,
    holdFor,
    rate: Type.Optional(rate),
    createdAt: instant('When it was created.'),
    updatedAt: instant('When it was last changed.'),
  },
  { title: 'Destination', additionalProperties: false },
);
export type DestinationAnswer = Static<typeof destinationSchema>;

export const destinationsPage = pageSchema(destinationSchema, 'DestinationsPage');

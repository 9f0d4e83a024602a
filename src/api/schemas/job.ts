import { Type, type Static } from 'typebox';
import {
  cancellableStates,
  defaultJobRate,
  jobKinds,
  jobStates,
  maxJobRate,
  retryableStates,
  type JobKind,
} from '../../domain/job.ts';
import { messageStates } from '../../domain/message.ts';
import { choice } from './choice.ts';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';
import { maxDestinations } from './message.ts';

const list = <T extends string>(states: readonly T[]) =>
  Type.Optional(Type.Array(choice(states), { minItems: 1, uniqueItems: true }));
const text = (description?: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 255, ...(description === undefined ? {} : { description }) }));

const times = {
  since: Type.Optional(instant('Accepted then or later.')),
  until: Type.Optional(instant('Accepted before.')),
};

const deliveryFilter = <T extends string>(states: readonly T[], title: string) =>
  Type.Object(
    {
      state: list(states),
      destination: text(),
      message: text(),
      conversation: text(),
      reason: text("The reason's code, such as `http_500`."),
      ...times,
    },
    { title, additionalProperties: false, description: 'What fits all of it; without `state` all of those states.' },
  );

const messageFilter = Type.Object(
  {
    state: list(messageStates),
    destination: text(),
    source: text(),
    conversation: text(),
    correlationId: text(),
    ...times,
  },
  { title: 'ReplayFilter', additionalProperties: false, description: 'What fits all of it.' },
);

const how = {
  all: Type.Optional(Type.Boolean({ description: 'Instead of a filter: really everything.' })),
  rate: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: maxJobRate,
      default: defaultJobRate,
      description: 'Items per second at most.',
    }),
  ),
  reason: Type.Optional(Type.String({ maxLength: 500, description: 'Why; kept with the job.' })),
};

export const replayDestinations = Type.Optional(
  Type.Array(Type.String(), {
    minItems: 1,
    maxItems: maxDestinations,
    uniqueItems: true,
    description: "Where to; without them to the original's destinations.",
  }),
);

export const bulkRetryBody = Type.Object(
  { filter: Type.Optional(deliveryFilter(retryableStates, 'RetryFilter')), ...how },
  { title: 'BulkRetry', additionalProperties: false },
);
export const bulkCancelBody = Type.Object(
  { filter: Type.Optional(deliveryFilter(cancellableStates, 'CancelFilter')), ...how },
  { title: 'BulkCancel', additionalProperties: false },
);
export const bulkReplayBody = Type.Object(
  {
    filter: Type.Optional(messageFilter),
    ...how,
    destinations: replayDestinations,
    again: Type.Optional(
      Type.Boolean({ default: false, description: 'Also what was replayed before, which is left out otherwise.' }),
    ),
  },
  { title: 'BulkReplay', additionalProperties: false },
);

/** The optional body of a replay of one message. */
export const replayBody = Type.Union(
  [
    Type.Object(
      {
        destinations: replayDestinations,
        reason: Type.Optional(Type.String({ maxLength: 500, description: 'For the log.' })),
      },
      { additionalProperties: false },
    ),
    Type.Null(),
  ],
  { title: 'Replay' },
);

const count = (description: string) => Type.Integer({ description });

export const jobSchema = Type.Object(
  {
    id: Type.String({ description: '`job_…`' }),
    kind: choice<JobKind>(jobKinds),
    state: choice(jobStates),
    filter: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
    destinations: Type.Optional(Type.Array(Type.String(), { description: 'Of a replay: where to.' })),
    again: Type.Optional(Type.Boolean({ description: 'Of a replay: also what was replayed before.' })),
    rate: count('Items per second at most.'),
    counts: Type.Object(
      {
        matched: Type.Union([Type.Integer(), Type.Null()], {
          description: 'At the beginning. Null before it, and where there are too many to count.',
        }),
        done: count('Looked at so far.'),
        changed: count('Retried, cancelled or replayed. The rest needed nothing any more, or failed.'),
        failed: count('Could not be replayed.'),
      },
      { additionalProperties: false },
    ),
    failures: Type.Unsafe<Record<string, number>>({
      type: 'object',
      additionalProperties: { type: 'integer' },
      description: 'How many failed, by code, such as `content_erased`.',
    }),
    error: Type.Optional(
      Type.Object(
        { code: Type.String(), message: Type.String() },
        { additionalProperties: false, description: 'Why the job itself failed.' },
      ),
    ),
    requestedBy: Type.String({ description: "The key's id." }),
    reason: Type.Union([Type.String(), Type.Null()]),
    workflowId: Type.String({ description: 'Its run in Temporal.' }),
    createdAt: instant('When it was asked for. Nothing younger is touched.'),
    startedAt: instantOrNull('When it began.'),
    endedAt: instantOrNull('When it ended.'),
  },
  { title: 'Job', additionalProperties: false },
);
export type JobAnswer = Static<typeof jobSchema>;

export const jobsPage = pageSchema(jobSchema, 'JobsPage');

export const jobsQuery = Type.Object(
  { state: Type.Optional(Type.Array(choice(jobStates), { minItems: 1 })), ...pageQuery },
  { additionalProperties: false },
);

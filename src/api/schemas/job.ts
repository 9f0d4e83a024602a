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
  since: Type.Optional(instant('Only what was accepted at this time or later.')),
  until: Type.Optional(instant('Only what was accepted before this time.')),
};

const deliveryFilter = <T extends string>(states: readonly T[], title: string) =>
  Type.Object(
    {
      state: list(states),
      destination: text(),
      message: text(),
      conversation: text(),
      reason: text('The code of the reason, such as `http_500`.'),
      ...times,
    },
    {
      title,
      additionalProperties: false,
      description: 'Deliveries must match all of it. Without `state` all these states match.',
    },
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
  { title: 'ReplayFilter', additionalProperties: false, description: 'Messages must match all of it.' },
);

const how = {
  all: Type.Optional(Type.Boolean({ description: 'Selects everything. It replaces a filter.' })),
  rate: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: maxJobRate,
      default: defaultJobRate,
      description: 'The most items per second.',
    }),
  ),
  reason: Type.Optional(Type.String({ maxLength: 500, description: 'Why the job is started. Kept with the job.' })),
};

export const replayDestinations = Type.Optional(
  Type.Array(Type.String(), {
    minItems: 1,
    maxItems: maxDestinations,
    uniqueItems: true,
    description: 'The destinations to send to. Default: those of the original.',
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
      Type.Boolean({ default: false, description: 'Also replays messages that were replayed before.' }),
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
        reason: Type.Optional(
          Type.String({ maxLength: 500, description: 'Why the message is replayed. Written to the log.' }),
        ),
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
    destinations: Type.Optional(
      Type.Array(Type.String(), { description: 'For a replay: the destinations to send to.' }),
    ),
    again: Type.Optional(
      Type.Boolean({ description: 'For a replay: whether it includes messages that were replayed before.' }),
    ),
    rate: count('The most items per second.'),
    counts: Type.Object(
      {
        matched: Type.Union([Type.Integer(), Type.Null()], {
          description: 'The number of items at the start. Null before that, and when there are too many to count.',
        }),
        done: count('Looked at so far.'),
        changed: count('Retried, cancelled or replayed. The others needed nothing any more, or failed.'),
        failed: count('Could not be replayed.'),
      },
      { additionalProperties: false },
    ),
    failures: Type.Unsafe<Record<string, number>>({
      type: 'object',
      additionalProperties: { type: 'integer' },
      description: 'The number of failures by code, such as `content_erased`.',
    }),
    error: Type.Optional(
      Type.Object(
        { code: Type.String(), message: Type.String() },
        { additionalProperties: false, description: 'Why the job itself failed.' },
      ),
    ),
    requestedBy: Type.String({ description: 'The id of the key that asked for it.' }),
    reason: Type.Union([Type.String(), Type.Null()]),
    workflowId: Type.String({ description: 'The id of its run in Temporal.' }),
    createdAt: instant('When the job was requested. It does not touch anything that is accepted later.'),
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

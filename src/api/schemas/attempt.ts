import { Type, type Static } from 'typebox';
import { choice } from './choice.ts';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';

export const attemptSchema = Type.Object(
  {
    id: Type.String(),
    number: Type.Integer({ description: 'Counted from 1 over all retry cycles.' }),
    trigger: choice(['auto', 'manual']),
    startedAt: instant('When the delivery was claimed for this attempt.'),
    endedAt: instantOrNull('Null while the attempt is under way.'),
    durationMs: Type.Union([Type.Integer(), Type.Null()]),
    outcome: Type.Union(
      [choice(['delivered', 'transient', 'ambiguous', 'permanent', 'stopped', 'unknown']), Type.Null()],
      { description: '`unknown`: the process of the attempt died. Null while the attempt is under way.' },
    ),
    late: Type.Boolean({ description: 'The outcome arrived after the delivery had already been decided.' }),
    code: Type.Optional(Type.String()),
    status: Type.Optional(Type.Integer({ description: "The status code of the platform's answer." })),
    message: Type.Optional(Type.String()),
    excerpt: Type.Optional(Type.String({ description: "The first bytes of the platform's answer, without secrets." })),
    retryAfterMs: Type.Optional(Type.Integer({ description: 'How long the platform asked Carillon to wait.' })),
    part: Type.Optional(Type.Integer({ description: 'The part of a long message that was sent, counted from 1.' })),
    worker: Type.String(),
  },
  { title: 'Attempt', additionalProperties: false },
);
export type AttemptAnswer = Static<typeof attemptSchema>;

export const attemptsPage = pageSchema(attemptSchema, 'AttemptsPage');
export const attemptsQuery = Type.Object({ ...pageQuery }, { additionalProperties: false });

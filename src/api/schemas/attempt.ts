import { Type, type Static } from 'typebox';
import { choice } from './choice.ts';
import { instant, instantOrNull, pageQuery, pageSchema } from './list.ts';

export const attemptSchema = Type.Object(
  {
    id: Type.String(),
    number: Type.Integer({ description: 'From 1, over all rounds.' }),
    trigger: choice(['auto', 'manual']),
    startedAt: instant('When the delivery was claimed for it.'),
    endedAt: instantOrNull('Null while it runs.'),
    durationMs: Type.Union([Type.Integer(), Type.Null()]),
    outcome: Type.Union(
      [choice(['delivered', 'transient', 'ambiguous', 'permanent', 'stopped', 'unknown']), Type.Null()],
      { description: '`unknown`: its process died. Null while it runs.' },
    ),
    late: Type.Boolean({ description: 'Its outcome came after somebody else had decided.' }),
    code: Type.Optional(Type.String()),
    status: Type.Optional(Type.Integer({ description: "Status code of the platform's answer." })),
    message: Type.Optional(Type.String()),
    excerpt: Type.Optional(Type.String({ description: "First bytes of the platform's answer, without secrets." })),
    retryAfterMs: Type.Optional(Type.Integer({ description: 'How long the platform asked us to stay away.' })),
    part: Type.Optional(Type.Integer({ description: 'Which part of a long message it sent, from 1.' })),
    worker: Type.String(),
  },
  { title: 'Attempt', additionalProperties: false },
);
export type AttemptAnswer = Static<typeof attemptSchema>;

export const attemptsPage = pageSchema(attemptSchema, 'AttemptsPage');
export const attemptsQuery = Type.Object({ ...pageQuery }, { additionalProperties: false });

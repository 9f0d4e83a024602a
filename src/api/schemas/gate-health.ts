import { Type } from 'typebox';
import { choice } from './choice.ts';
import { reasonSchema } from './delivery.ts';
import { instantOrNull } from './list.ts';

/** The health of a destination or connection. */
export const gateHealthSchema = Type.Object(
  {
    id: Type.String(),
    state: choice(['healthy', 'unhealthy', 'paused'], {
      description: '`unhealthy`: the breaker is open, and one delivery at a time tests whether it is back.',
    }),
    reason: Type.Optional(reasonSchema),
    since: instantOrNull('Since when it is unhealthy or paused.'),
    failures: Type.Integer({ description: 'The number of failed attempts in a row.' }),
    nextProbeAt: instantOrNull('When the next delivery tests whether it is back.'),
    heldUntil: instantOrNull('The platform asked to receive nothing before this time.'),
    waiting: Type.Integer({ description: 'The number of deliveries that wait for it.' }),
  },
  { title: 'GateHealth', additionalProperties: false },
);

export const pauseBody = Type.Union(
  [
    Type.Object(
      { reason: Type.Optional(Type.String({ maxLength: 500, description: 'Shown as the reason of the pause.' })) },
      { additionalProperties: false },
    ),
    Type.Null(),
  ],
  { title: 'Pause' },
);

import { Type } from 'typebox';
import { choice } from './choice.ts';
import { reasonSchema } from './delivery.ts';
import { instantOrNull } from './list.ts';

/** The health of a destination or connection. */
export const gateHealthSchema = Type.Object(
  {
    id: Type.String(),
    state: choice(['healthy', 'unhealthy', 'paused'], {
      description: '`unhealthy`: its breaker is open; one delivery at a time finds out whether it is back.',
    }),
    reason: Type.Optional(reasonSchema),
    since: instantOrNull('Since when it is unhealthy or paused.'),
    failures: Type.Integer({ description: 'Failed attempts in a row.' }),
    nextProbeAt: instantOrNull('When one delivery finds out whether it is back.'),
    heldUntil: instantOrNull('The platform asked to be left alone until then.'),
    waiting: Type.Integer({ description: 'Deliveries that wait for it.' }),
  },
  { title: 'GateHealth', additionalProperties: false },
);

export const pauseBody = Type.Union(
  [
    Type.Object(
      { reason: Type.Optional(Type.String({ maxLength: 500, description: 'Shown to whoever asks why.' })) },
      { additionalProperties: false },
    ),
    Type.Null(),
  ],
  { title: 'Pause' },
);

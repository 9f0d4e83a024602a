import { Type } from 'typebox';
import { choice } from './choice.ts';

const condition = choice(['ok', 'degraded', 'down']);

export const aliveSchema = Type.Object({ status: choice(['ok']) }, { title: 'Alive', additionalProperties: false });

export const readySchema = Type.Object(
  {
    accept: choice(['ok', 'degraded', 'down'], { description: 'Whether messages are taken.' }),
    delivery: choice(['ok', 'degraded', 'down'], { description: 'Whether they are delivered now, or later.' }),
    postgres: condition,
    temporal: condition,
  },
  { title: 'Readiness', additionalProperties: false },
);

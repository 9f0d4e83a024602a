import { Type } from 'typebox';
import { choice } from './choice.ts';

const condition = choice(['ok', 'degraded', 'down']);

export const aliveSchema = Type.Object({ status: choice(['ok']) }, { title: 'Alive', additionalProperties: false });

export const readySchema = Type.Object(
  {
    accept: choice(['ok', 'degraded', 'down'], { description: 'Whether messages are accepted.' }),
    delivery: choice(['ok', 'degraded', 'down'], { description: 'Whether messages are delivered now, or only later.' }),
    postgres: condition,
    temporal: condition,
  },
  { title: 'Readiness', additionalProperties: false },
);

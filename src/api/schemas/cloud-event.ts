import { Type } from 'typebox';
import { choice } from './choice.ts';

/** A CloudEvent in structured mode, for the OpenAPI document only. `accept/cloud-event.ts` checks both modes. */
export const cloudEventSchema = Type.Object(
  {
    specversion: choice(['1.0']),
    id: Type.String({ description: 'Together with `source`, the idempotency key.' }),
    source: Type.String(),
    type: Type.String(),
    time: Type.Optional(Type.String({ format: 'date-time' })),
    subject: Type.Optional(Type.String({ description: 'The conversation, unless the data names one.' })),
    dataschema: Type.Optional(Type.String({ description: "The message's `dataVersion`." })),
    datacontenttype: Type.Optional(Type.String()),
    data: Type.Union([Type.String(), Type.Object({}, { additionalProperties: true })], {
      description: 'The other fields of a posted message. A string is its `text`.',
    }),
  },
  {
    title: 'CloudEvent',
    description:
      'CloudEvents 1.0. Extension attributes become labels. Binary mode is accepted too: the data as JSON, and the ' +
      'attributes as `ce-…` headers.',
    additionalProperties: true,
  },
);

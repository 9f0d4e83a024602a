import { Type } from 'typebox';
import { contentSchema, keyPattern, senderSchema } from './message.ts';

/** The body of an edit. */
export const patchMessageSchema = Type.Object(
  {
    text: Type.Optional(contentSchema.properties.text),
    content: Type.Optional(contentSchema),
    sender: Type.Optional(senderSchema),
  },
  { title: 'PatchMessage', additionalProperties: false },
);

/** The headers of every request that changes something and may be repeated. */
export const changeHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ pattern: keyPattern, description: 'The same for each repetition of the request.' }),
  ),
});

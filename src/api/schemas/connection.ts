import { Type, type Static } from 'typebox';
import { rateSchema } from './rate.ts';
import { instant, pageQuery, pageSchema } from './list.ts';

const values = Type.Unsafe<{ [key: string]: unknown }>({ type: 'object', additionalProperties: true });

export const idSchema = Type.String({
  pattern: '^[a-z0-9][a-z0-9_-]{0,63}$',
  description: 'Chosen by the caller. A POST without an id gets a generated one.',
});

/** Fields of answers. Input may contain them, so that a client can send back what it has read, but they are ignored. */
const readOnly = { readOnly: true };
const shown = {
  createdAt: Type.String({ format: 'date-time', ...readOnly }),
  updatedAt: Type.String({ format: 'date-time', ...readOnly }),
};
const secretsSet = Type.Array(Type.String(), {
  ...readOnly,
  description: 'The names of the secret settings that are stored. Their values are never shown.',
});

export const connectionInputSchema = Type.Object(
  {
    id: Type.Optional(idSchema),
    connector: Type.String({ description: 'The name of a connector, such as `webhook` or `slack`.' }),
    settings: Type.Optional(values),
    rate: Type.Optional(rateSchema),
    secretsSet: Type.Optional(secretsSet),
    createdAt: Type.Optional(shown.createdAt),
    updatedAt: Type.Optional(shown.updatedAt),
  },
  { title: 'ConnectionInput', additionalProperties: false },
);
export type ConnectionInput = Static<typeof connectionInputSchema>;

export const connectionSchema = Type.Object(
  {
    id: Type.String(),
    connector: Type.String(),
    settings: values,
    rate: Type.Optional(rateSchema),
    secretsSet,
    createdAt: instant('When it was created.'),
    updatedAt: instant('When it was last changed.'),
  },
  { title: 'Connection', additionalProperties: false },
);
export type ConnectionAnswer = Static<typeof connectionSchema>;

export const connectionsPage = pageSchema(connectionSchema, 'ConnectionsPage');
export const configQuery = Type.Object({ ...pageQuery }, { additionalProperties: false });

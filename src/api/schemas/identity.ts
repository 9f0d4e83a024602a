import { Type, type Static } from 'typebox';
import { idSchema } from './connection.ts';
import { instant, pageSchema } from './list.ts';

const account = Type.Object(
  {
    connection: Type.String({ description: 'The id of a connection.' }),
    person: Type.String({
      minLength: 1,
      maxLength: 255,
      description: "The platform's own id of the person, such as `U0ANN`.",
    }),
  },
  { title: 'Account', additionalProperties: false },
);
const shown = { readOnly: true };

export const identityInputSchema = Type.Object(
  {
    id: Type.Optional(idSchema),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'Shown instead of the names from the platforms.' }),
    ),
    accounts: Type.Array(account, { minItems: 1, maxItems: 50, uniqueItems: true }),
    createdAt: Type.Optional(Type.String({ format: 'date-time', ...shown })),
    updatedAt: Type.Optional(Type.String({ format: 'date-time', ...shown })),
  },
  { title: 'IdentityInput', additionalProperties: false },
);

export const identitySchema = Type.Object(
  {
    id: Type.String(),
    name: Type.Optional(Type.String()),
    accounts: Type.Array(account),
    createdAt: instant('When it was created.'),
    updatedAt: instant('When it was last changed.'),
  },
  { title: 'Identity', additionalProperties: false },
);
export type IdentityAnswer = Static<typeof identitySchema>;

export const identitiesPage = pageSchema(identitySchema, 'IdentitiesPage');

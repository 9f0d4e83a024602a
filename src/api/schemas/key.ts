import { Type, type Static } from 'typebox';
import { scopes } from '../../domain/scope.ts';
import { choice } from './choice.ts';
import { instant, instantOrNull, pageSchema } from './list.ts';

const name = Type.String({ minLength: 1, maxLength: 255, description: 'For people: who or what uses the key.' });
const scopeList = Type.Array(choice(scopes), {
  minItems: 1,
  uniqueItems: true,
  description: 'What the key may do. No scope includes another, except that `admin` allows everything in its tenant.',
});

export const keyInputSchema = Type.Object(
  {
    name,
    scopes: scopeList,
    expiresAt: Type.Optional(instant('The key is refused from this time on. Default: it does not expire.')),
  },
  { title: 'KeyInput', additionalProperties: false },
);

const shown = {
  id: Type.String({ description: '`key_…`, which is not the key itself.' }),
  tenant: Type.String(),
  name,
  scopes: scopeList,
  expiresAt: instantOrNull('Null: the key does not expire.'),
  revokedAt: instantOrNull('Null: the key is not revoked.'),
  lastUsedAt: instantOrNull('Up to a minute behind. Null: never used.'),
  createdAt: instant('When it was created.'),
};

export const keySchema = Type.Object(shown, { title: 'Key', additionalProperties: false });
export type KeyAnswer = Static<typeof keySchema>;

export const newKeySchema = Type.Object(
  { ...shown, key: Type.String({ description: 'The key itself. It is shown only this once.' }) },
  { title: 'NewKey', additionalProperties: false },
);

export const keysPage = pageSchema(keySchema, 'KeysPage');

import { Type, type Static } from 'typebox';
import { scopes } from '../../domain/scope.ts';
import { choice } from './choice.ts';
import { instant, instantOrNull, pageSchema } from './list.ts';

const name = Type.String({ minLength: 1, maxLength: 255, description: 'For people: who or what uses it.' });
const scopeList = Type.Array(choice(scopes), {
  minItems: 1,
  uniqueItems: true,
  description: 'What it may do; one does not include another, but `admin` is all of its tenant.',
});

export const keyInputSchema = Type.Object(
  {
    name,
    scopes: scopeList,
    expiresAt: Type.Optional(instant('From then on it is not taken. Missing: it does not expire.')),
  },
  { title: 'KeyInput', additionalProperties: false },
);

const shown = {
  id: Type.String({ description: '`key_…`; not the key itself.' }),
  tenant: Type.String(),
  name,
  scopes: scopeList,
  expiresAt: instantOrNull('Null: it does not expire.'),
  revokedAt: instantOrNull('Null: it is not revoked.'),
  lastUsedAt: instantOrNull('Behind by a minute at most. Null: never.'),
  createdAt: instant('Made.'),
};

export const keySchema = Type.Object(shown, { title: 'Key', additionalProperties: false });
export type KeyAnswer = Static<typeof keySchema>;

export const newKeySchema = Type.Object(
  { ...shown, key: Type.String({ description: 'The key. It is shown this one time.' }) },
  { title: 'NewKey', additionalProperties: false },
);

export const keysPage = pageSchema(keySchema, 'KeysPage');

import { Type, type Static } from 'typebox';
import { affectedThings, reasonKinds, type ReasonKind } from '../../domain/reasons/entry.ts';
import { choice } from './choice.ts';
import { pageQuery, pageSchema } from './list.ts';

const kinds = Object.keys(reasonKinds) as ReasonKind[];

/** One code of the table of reasons. */
export const reasonEntrySchema = Type.Object(
  {
    code: Type.String({ description: 'A stable code. For a family it has a `*`, which stands for any text.' }),
    isFamily: Type.Optional(
      Type.Literal(true, { description: 'The entry describes all codes of this form, such as `slack_*`.' }),
    ),
    members: Type.Optional(
      Type.Array(Type.String(), {
        description: 'The known codes of a family. Others exist where a platform has more words.',
      }),
    ),
    kind: choice(kinds, {
      description: kinds.map((kind) => `\`${kind}\`: ${reasonKinds[kind]}`).join(' '),
    }),
    affects: choice(affectedThings, {
      description: 'What the code usually speaks of: one message, or everything for the destination or the connection.',
    }),
    connectors: Type.Optional(
      Type.Array(Type.String(), { description: 'The connectors that give this code. Absent where any may.' }),
    ),
    meaning: Type.String({ description: 'What happened.' }),
    cause: Type.String({ description: 'The usual cause.' }),
    action: Type.String({ description: 'What an operator does.' }),
  },
  { title: 'ReasonEntry', additionalProperties: false },
);
export type ReasonEntryAnswer = Static<typeof reasonEntrySchema>;

export const reasonsPage = pageSchema(reasonEntrySchema, 'ReasonsPage');

export const reasonsQuery = Type.Object(
  {
    code: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: 'Only this code. A member of a family, such as `http_418`, gets the entry of its family.',
      }),
    ),
    ...pageQuery,
  },
  { additionalProperties: false },
);

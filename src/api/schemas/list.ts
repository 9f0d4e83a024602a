import { Type, type TSchema } from 'typebox';

export const defaultLimit = 50;

/** The query parameters of every list. */
export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 200, default: defaultLimit, description: 'The most items in one answer.' }),
  ),
  cursor: Type.Optional(Type.String({ maxLength: 500, description: 'The `nextCursor` of the page before.' })),
};

/** One page of a list. `nextCursor` is null on the last page. */
export function pageSchema<T extends TSchema>(item: T, title: string) {
  return Type.Object(
    {
      data: Type.Array(item),
      nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page.' }),
    },
    { title, additionalProperties: false },
  );
}

export const instant = (description: string) => Type.String({ format: 'date-time', description });
export const instantOrNull = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description });

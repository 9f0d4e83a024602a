import { Type } from 'typebox';
import { problems, type ProblemCode } from '../errors.ts';
import { choice } from './choice.ts';

/** An error answer (RFC 9457). */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: '`urn:carillon:problem:` followed by the code.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'For people. The text may change.' }),
    code: choice(Object.keys(problems) as ProblemCode[], { description: 'Stable. Decide by this.' }),
    id: Type.Optional(Type.String({ description: 'The message or other object that the problem is about.' })),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({
            description: 'A JSON Pointer into the body, `?name` for a query parameter, or the bare name of a header.',
          }),
          code: Type.String(),
          message: Type.String(),
        }),
      ),
    ),
    requestId: Type.Optional(Type.String({ description: 'The id of this request in the log.' })),
  },
  { title: 'Problem', description: 'An error (RFC 9457).' },
);

/** The errors of every route that has a body. */
export const bodyErrors = [
  'bad_request',
  'invalid_json',
  'body_too_large',
  'unsupported_media_type',
  'invalid',
] as const;

/** The errors of every route that needs a key. The 404 is for an unknown tenant that the administrator names. */
const always = ['unauthorized', 'forbidden', 'not_found', 'internal', 'unavailable'] as const;

/** The error answers of a route for OpenAPI: the given codes and those of every route that needs a key. */
export function errorAnswers(...codes: ProblemCode[]): Record<number, object> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set<ProblemCode>([...codes, ...always])) {
    const { status } = problems[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, all]) => [
      status,
      {
        description: all.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
        ...(status === 503 ? { headers: { 'retry-after': { type: 'integer', description: 'Seconds.' } } } : {}),
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    ]),
  );
}

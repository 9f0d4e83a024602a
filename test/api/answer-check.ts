import { Compile } from 'typebox/compile';

interface Document {
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
  >;
}

export type AnswerCheck = (method: string, path: string, answer: Response, body: unknown) => void;

/** Every API of a test file has the same document, and making it takes 40 ms of CPU time. */
let known: Document | undefined;
const compiled = new Map<object, ReturnType<typeof Compile>>();

/**
 * Compares every answer in a test with `/openapi.json`: the document must list its status and content type, and its
 * body must fit the schema. So no test passes on an answer that the document lacks.
 */
export async function createAnswerCheck(url: string): Promise<AnswerCheck> {
  const document = (known ??= (await (await fetch(`${url}/openapi.json`)).json()) as Document);
  return (method, path, answer, body) => {
    const route = findRoute(document, path.split('?')[0] ?? '');
    const operation = route?.[method.toLowerCase()];
    if (operation === undefined) return;
    const what = `${method} ${path} → ${answer.status}`;
    const response = operation.responses[answer.status];
    if (response === undefined) throw new Error(`${what} is not in the OpenAPI document: ${JSON.stringify(body)}`);
    const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const schema = response.content?.[type]?.schema;
    if (schema === undefined) {
      if (response.content !== undefined) throw new Error(`${what}: content type "${type}" is not in the document`);
      return;
    }
    if (!compiled.has(schema)) compiled.set(schema, Compile(inline(schema, document) as never));
    const errors = compiled.get(schema)?.Errors(body) ?? [];
    if (errors.length > 0)
      throw new Error(`${what} does not fit its schema: ${JSON.stringify(errors)} ${JSON.stringify(body)}`);
  };
}

function findRoute({ paths }: Document, path: string) {
  if (Object.hasOwn(paths, path)) return paths[path];
  const found = Object.keys(paths).find((template) => {
    return new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(path);
  });
  return found === undefined ? undefined : paths[found];
}

function inline(value: unknown, document: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => inline(item, document));
  if (typeof value !== 'object' || value === null) return value;
  const { $ref } = value as { $ref?: unknown };
  if (typeof $ref === 'string') {
    const steps = $ref.slice('#/'.length).split('/');
    // oxlint-disable-next-line typescript/no-explicit-any
    return inline(
      steps.reduce((at: any, step) => at[step], document),
      document,
    );
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inline(item, document)]));
}

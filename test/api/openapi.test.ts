import { readFile } from 'node:fs/promises';
import { renderOpenApi } from '../../src/api/openapi-file.ts';
import { scopes } from '../../src/domain/scope.ts';
import { problems } from '../../src/api/errors.ts';

// oxlint-disable-next-line typescript/no-explicit-any
let document: any;
beforeAll(async () => {
  document = JSON.parse(await renderOpenApi());
});

test('docs/openapi.json is up to date with the code', async () => {
  expect(await readFile('docs/openapi.json', 'utf8')).toBe(await renderOpenApi());
});

test('produces OpenAPI 3.1 in which every reference can be resolved', () => {
  expect(document.openapi).toBe('3.1.0');
  const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name,
  );
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) expect(document.components.schemas).toHaveProperty([name ?? '']);
});

test('documents a key and the common error answers for every route except those of health and hooks', () => {
  for (const [path, operations] of Object.entries<Record<string, { security?: unknown; responses: object }>>(
    document.paths,
  )) {
    for (const { security, responses } of Object.values(operations)) {
      if (/^\/(?:healthz|readyz|hooks\/.*)$/.test(path)) expect(security).toEqual([]);
      else {
        expect(security).toBeUndefined();
        expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '403', '404', '500', '503']));
      }
    }
  }
});

test('documents the required scope of every route, also in its 403 answer', () => {
  type Operation = { 'x-carillon-scope'?: string; responses: Record<string, { description: string }> };
  const named = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, operations]) =>
    Object.values(operations).map((operation) => ({ path, scope: operation['x-carillon-scope'], operation })),
  );
  for (const { path, scope, operation } of named.filter((one) => one.path.startsWith('/v1/'))) {
    expect([path, [...scopes, 'administrator'].includes(scope ?? '')]).toEqual([path, true]);
    expect(operation.responses[403]?.description).toContain(scope);
  }
});

test('gives every operation in the OpenAPI document an id of its own', () => {
  const ids = Object.values<Record<string, { operationId?: string }>>(document.paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  expect(ids).not.toContain(undefined);
  expect(new Set(ids).size).toBe(ids.length);
});

test('lists exactly the error codes of the catalogue in the OpenAPI document', () => {
  expect(document.components.schemas.Problem.properties.code.enum).toEqual(Object.keys(problems));
});

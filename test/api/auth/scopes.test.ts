import { buildApi } from '../../../src/api/app.ts';
import { scopes, type Scope } from '../../../src/domain/scope.ts';
import { depsForNothing } from '../idle-deps.ts';
import { makeKey } from '../key-holder.ts';
import { startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
/** For each scope a key with only that scope, and a key with all other scopes except `admin`. */
const only = new Map<string, Awaited<ReturnType<typeof makeKey>>>();
const allBut = new Map<string, Awaited<ReturnType<typeof makeKey>>>();
let operations: { method: string; path: string; scope: Scope | 'administrator'; also: Scope | undefined }[];

beforeAll(async () => {
  api = await startTestApi();
  for (const scope of scopes) {
    only.set(scope, await makeKey(api, [scope]));
    const others = scopes.filter((one) => one !== scope && one !== 'admin');
    allBut.set(scope, await makeKey(api, others));
  }
  const { body } = await api.call('GET', '/openapi.json');
  operations = Object.entries<Record<string, { 'x-carillon-scope'?: Scope; 'x-carillon-also-scope'?: Scope }>>(
    body.paths,
  ).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, { 'x-carillon-scope': scope, 'x-carillon-also-scope': also }]) =>
      scope === undefined
        ? []
        : [{ method: method.toUpperCase(), path: path.replaceAll(/\{[^}]+\}/g, 'nothing'), scope, also }],
    ),
  );
});
afterAll(() => api.close());

test('requires on every route the scope that the OpenAPI document names, and names it in the refusal', async () => {
  expect(operations.length).toBeGreaterThan(25);
  for (const { method, path, scope } of operations.filter(({ also }) => also === undefined)) {
    const name = `${method} ${path}`;
    const [with_, without] =
      scope === 'administrator' ? [undefined, only.get('admin')] : [only.get(scope), allBut.get(scope)];
    const refused = await without?.call(method, path);
    expect([name, refused?.status, refused?.body.code]).toEqual([name, 403, 'forbidden']);
    expect(refused?.body.detail).toContain(scope);
    // The answer may be any other error, but the key must not be the reason.
    const taken = await (with_?.call(method, path) ?? api.call(method, path));
    expect([name, taken.status]).not.toEqual([name, 401]);
    expect([name, taken.status]).not.toEqual([name, 403]);
  }
});

test('refuses a key with one scope on a route that requires two', async () => {
  const both = operations.filter(({ also }) => also !== undefined);
  expect(both.map(({ path }) => path)).toEqual(['/v1/messages/nothing/replay', '/v1/messages/replay']);
  for (const { method, path, scope, also } of both) {
    for (const one of [scope, also]) {
      const other = one === scope ? also : scope;
      const refused = await only.get(one ?? '')?.call(method, path);
      expect([path, refused?.status, refused?.body.code]).toEqual([path, 403, 'forbidden']);
      expect(refused?.body.detail).toContain(other);
    }
    const { call } = await makeKey(api, [scope, also ?? '']);
    expect((await call(method, path)).status).not.toBe(403);
  }
});

test('accepts a key with the scope admin on every route of its tenant', async () => {
  for (const { method, path } of operations.filter(({ scope }) => scope !== 'administrator'))
    expect([path, (await only.get('admin')?.call(method, path))?.status]).not.toEqual([path, 403]);
});

test('answers 404 to an unknown path with any valid key', async () => {
  expect((await only.get('messages:write')?.call('GET', '/v1/nothing'))?.status).toBe(404);
});

test('checks the scope after the key and before the type, size and content of the body', async () => {
  const call = only.get('messages:read')?.call;
  const bodies = [
    { body: 'hi', headers: { 'content-type': 'text/plain' } },
    { body: 'x'.repeat(2 * 1024 * 1024) },
    { body: '{broken' },
    { body: {} },
    { body: 'x', headers: { 'content-encoding': 'gzip' } },
  ];
  for (const options of bodies) expect((await call?.('POST', '/v1/messages', options))?.status).toBe(403);
});

test('requires the scope of GET for a HEAD request', async () => {
  const head = async (scope: Scope): Promise<number> => {
    const headers = { authorization: `Bearer ${only.get(scope)?.key}` };
    return (await fetch(`${api.url}/v1/messages`, { method: 'HEAD', headers })).status;
  };
  expect([await head('messages:read'), await head('messages:write')]).toEqual([200, 403]);
});

test('refuses to start when a route declares no scope', async () => {
  const app = buildApi(depsForNothing());
  void app.register(async (routes) => {
    routes.get('/v1/forgotten', async () => 'secret');
  });
  await expect(async () => app.ready()).rejects.toThrow('GET /v1/forgotten declares no scope');
  await app.close();
});

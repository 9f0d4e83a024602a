import { adminKey, type Answer, type CallOptions, type TestApi } from './running-api.ts';

type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

/** Calls the API with this key. */
export function withKey(api: TestApi, key: string): Call {
  return (method, path, { headers, ...more } = {}) =>
    api.call(method, path, { ...more, anonymous: true, headers: { authorization: `Bearer ${key}`, ...headers } });
}

/** Calls the API as the administrator, in the given tenant. */
export function asAdministrator(api: TestApi, tenant: string): Call {
  const call = withKey(api, adminKey);
  return (method, path, { headers, ...more } = {}) =>
    call(method, path, { ...more, headers: { 'carillon-tenant': tenant, ...headers } });
}

export async function makeTenant(api: TestApi, id: string, more: object = {}): Promise<void> {
  const { status, body } = await api.call('PUT', `/v1/tenants/${id}`, { body: more });
  if (status !== 201 && status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
}

/** Creates a key of an existing tenant. */
export async function makeKey(
  api: TestApi,
  scopes: readonly string[],
  tenant = 'default',
  more: object = {},
): Promise<{ id: string; key: string; call: Call }> {
  const body = { name: 'test', scopes, ...more };
  const answer = await asAdministrator(api, tenant)('POST', '/v1/keys', { body });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
  const { id, key } = answer.body as { id: string; key: string };
  return { id, key, call: withKey(api, key) };
}

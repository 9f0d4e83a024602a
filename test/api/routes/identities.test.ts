import { startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
  const settings = { botToken: 'xoxb-1', signingSecrets: ['secret'] };
  for (const id of ['acme', 'umbrella'])
    await api.call('PUT', `/v1/connections/${id}`, { body: { connector: 'slack', settings } });
});
afterEach(() => api.close());

const put = (id: string, body: object) => api.call('PUT', `/v1/identities/${id}`, { body });
const account = (connection: string, person: string) => ({ connection, person });

it('creates, shows, lists, replaces and deletes an identity', async () => {
  const accounts = [account('acme', 'U1'), account('umbrella', 'U2')];
  const made = await put('ann', { name: 'Ann', accounts });
  expect(made).toMatchObject({ status: 201, body: { id: 'ann', name: 'Ann', accounts } });
  expect((await api.call('GET', '/v1/identities')).body.data).toEqual([made.body]);
  expect(await put('ann', { accounts: [account('acme', 'U3')] })).toMatchObject({
    status: 200,
    body: { accounts: [account('acme', 'U3')] },
  });
  expect((await put('ann', { ...made.body })).body.accounts).toEqual(accounts);
  expect((await api.call('DELETE', '/v1/identities/ann')).status).toBe(204);
  for (const method of ['GET', 'DELETE']) expect((await api.call(method, '/v1/identities/ann')).status).toBe(404);
});

it('refuses an account of another identity, and one of an unknown connection', async () => {
  await put('ann', { accounts: [account('acme', 'U1')] });
  const taken = await put('ben', { accounts: [account('acme', 'U2'), account('acme', 'U1')] });
  expect(taken).toMatchObject({ status: 422, body: { errors: [{ path: '/accounts/1' }] } });
  expect((await api.call('GET', '/v1/identities/ben')).status).toBe(404);
  const unknown = await put('ben', { accounts: [account('none', 'U1')] });
  expect(unknown).toMatchObject({
    status: 422,
    body: { errors: [{ path: '/accounts/0/connection', code: 'unknown_connection' }] },
  });
});

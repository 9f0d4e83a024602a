import { startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
  const settings = { botToken: 'xoxb-1', signingSecrets: ['secret'] };
  await api.call('PUT', '/v1/connections/acme', { body: { connector: 'slack', settings } });
  for (const id of ['one', 'two'])
    await api.call('PUT', `/v1/destinations/${id}`, {
      body: { connection: 'acme', address: { channel: `C0${id.toUpperCase()}` } },
    });
});
afterEach(() => api.close());

const create = (body: object) => api.call('POST', '/v1/bridges', { body });

it('creates, shows, lists, replaces and deletes a bridge', async () => {
  const made = await create({ id: 'war-room', members: ['one', 'two'] });
  expect(made).toMatchObject({ status: 201, body: { id: 'war-room', members: ['one', 'two'], order: 'thread' } });
  expect((await api.call('GET', '/v1/bridges')).body.data).toEqual([made.body]);
  const replaced = await api.call('PUT', '/v1/bridges/war-room', {
    body: { ...made.body, members: ['two', 'one'], order: 'room' },
  });
  expect(replaced).toMatchObject({ status: 200, body: { members: ['two', 'one'], order: 'room' } });
  expect((await api.call('DELETE', '/v1/bridges/war-room')).status).toBe(204);
  expect((await api.call('GET', '/v1/bridges/war-room')).status).toBe(404);
});

it('makes an id for a bridge that has none, and refuses an id that is taken', async () => {
  expect((await create({ members: ['one', 'two'] })).body.id).toMatch(/^bridge_/);
  await create({ id: 'b', members: ['one', 'two'] });
  expect(await create({ id: 'b', members: ['one', 'two'] })).toMatchObject({
    status: 409,
    body: { code: 'already_exists' },
  });
});

it('names every invalid member of a bridge, with the reason', async () => {
  const secrets = [`whsec_${Buffer.alloc(24, 7).toString('base64')}`];
  await api.call('PUT', '/v1/connections/out', { body: { connector: 'webhook', settings: { secrets } } });
  await api.call('PUT', '/v1/destinations/hook', { body: { connection: 'out', address: { url: 'https://a.b/' } } });
  const { status, body } = await create({ members: ['one', 'none', 'hook'] });
  expect(status).toBe(422);
  expect(body.errors).toMatchObject([
    { path: '/members/1', code: 'unknown_destination' },
    { path: '/members/2', code: 'invalid_value', message: 'cannot be a member: no events come in from Webhook' },
  ]);
  for (const members of [['one'], ['one', 'one'], 'one'])
    expect((await create({ members: members as never })).status).toBe(422);
});

it('refuses to delete a destination that is a member of a bridge', async () => {
  await create({ id: 'b', members: ['one', 'two'] });
  expect(await api.call('DELETE', '/v1/destinations/one')).toMatchObject({ status: 409, body: { code: 'in_use' } });
  await api.call('DELETE', '/v1/bridges/b');
  expect((await api.call('DELETE', '/v1/destinations/one')).status).toBe(204);
});

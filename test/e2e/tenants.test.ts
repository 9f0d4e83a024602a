import { createClient, type Client } from '../support/client.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => void (stack = await startStack()), 120_000);
afterAll(() => stack.close());

/** Makes a tenant with its own key, and a destination `orders` that leads to the tenant's own path. */
async function makeTenant(id: string): Promise<Client> {
  await stack.must('PUT', `/v1/tenants/${id}`, {});
  const { key } = await stack.must(
    'POST',
    '/v1/keys',
    { name: 'test', scopes: ['config:write', 'messages:write', 'messages:read', 'deliveries:operate'] },
    { 'carillon-tenant': id },
  );
  const client = createClient(stack.url, stack.simulators, key as string);
  const secrets = [`whsec_${Buffer.alloc(24, id).toString('base64')}`];
  await client.must('PUT', '/v1/connections/hooks', { connector: 'webhook', settings: { secrets } });
  await client.must('PUT', '/v1/destinations/orders', {
    connection: 'hooks',
    address: { url: `${stack.simulators}/webhook/${id}` },
  });
  return client;
}

it('messages of two tenants under the same names are kept apart, and retried with their own keys', async () => {
  const sides = { acme: await makeTenant('acme'), umbrella: await makeTenant('umbrella') };
  await stack.fault('webhook', { path: '/webhook/umbrella', status: 400, times: 1 });
  const post = (client: Client): Promise<{ id: string; deliveries: { id: string }[] }> =>
    client.must('POST', '/v1/messages', { id: 'same', text: 'hi', conversation: 'same', destinations: ['orders'] });
  const [acme, umbrella] = [await post(sides.acme), await post(sides.umbrella)];

  expect(await sides.acme.rest(acme.id)).toMatchObject({ state: 'delivered' });
  const parked = await sides.umbrella.rest(umbrella.id);
  expect(parked).toMatchObject({ state: 'failed', deliveries: [{ state: 'parked' }] });
  expect((await sides.acme.call('POST', `/v1/messages/${umbrella.id}/retry`)).status).toBe(404);
  await sides.umbrella.must('POST', `/v1/messages/${umbrella.id}/retry`);
  const { state, workflowId } = await sides.umbrella.rest(umbrella.id);
  expect(state).toBe('delivered');
  expect(workflowId).toMatch(/^umbrella:/);

  const accepted = (await stack.requests('webhook')).filter((request) => request.accepted);
  for (const [tenant, { deliveries }] of Object.entries({ acme, umbrella }))
    expect(
      accepted.filter(({ path }) => path === `/webhook/${tenant}`).map(({ headers }) => headers['webhook-id']),
    ).toEqual([deliveries[0]?.id]);
});

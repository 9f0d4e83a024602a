import { receive } from '../../src/store/inbound/inbox.ts';
import { listQuarantine } from '../../src/store/inbound/inbox-pages.ts';
import { writeSubscriptions } from '../../src/store/inbound/subscriptions.ts';
import { makeKey, makeTenant } from './key-holder.ts';
import { failOnce } from './ledger-steps.ts';
import { secret, type TestApi } from './running-api.ts';

type Holder = Awaited<ReturnType<typeof makeKey>>;

/** A tenant that has at least one object of every kind. */
export interface Side {
  readonly holder: Holder;
  /** The id of one object of each kind, by the segment of the path that comes before it. */
  readonly ids: Record<string, string>;
}

/** Creates a tenant with an object of every kind. Ids that are chosen are the same in each tenant. */
export async function fillTenant(api: TestApi, tenant: string): Promise<Side> {
  await makeTenant(api, tenant);
  const holder = await makeKey(api, ['admin'], tenant);
  const must = async (method: string, path: string, body: unknown) => {
    const answer = await holder.call(method, path, { body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  for (const id of ['hooks', `hooks-${tenant}`])
    await must('PUT', `/v1/connections/${id}`, { connector: 'webhook', settings: { secrets: [secret] } });
  for (const id of ['orders', `orders-${tenant}`])
    await must('PUT', `/v1/destinations/${id}`, {
      connection: 'hooks',
      address: { url: `http://127.0.0.1:9/${tenant}` },
    });
  await must('PUT', `/v1/connections/slack-${tenant}`, { connector: 'slack', settings: { botToken: 'xoxb-1' } });
  for (const room of ['one', 'two'])
    await must('PUT', `/v1/destinations/room-${room}`, {
      connection: `slack-${tenant}`,
      address: { channel: `C0${room.toUpperCase()}` },
    });
  await must('PUT', `/v1/bridges/bridge-${tenant}`, { members: ['room-one', 'room-two'] });
  await must('PUT', `/v1/identities/person-${tenant}`, {
    accounts: [{ connection: `slack-${tenant}`, person: `U${tenant}` }],
  });
  const request = { method: 'POST', path: '', query: '', headers: {}, body: '', at: new Date().toISOString() };
  const reason = { code: 'unreadable', message: 'unreadable' } as const;
  const at = new Date().toISOString();
  const said = { key: 'two', kind: 'created', room: `room-of-${tenant}`, nativeId: '1', at, text: 'hello' } as const;
  const arrivals = [{ unreadable: { key: 'one', request, reason } }, { event: said }];
  await receive(api.sql, api.ring, [{ tenant, connection: `slack-${tenant}`, arrivals }]);
  await writeSubscriptions(api.sql, tenant, `slack-${tenant}`, [{ room: tenant, destination: 'x', state: 'active' }]);
  const [quarantined] = await listQuarantine(api.sql, tenant, 1, undefined);
  const message = await must('POST', '/v1/messages', {
    text: `of ${tenant}`,
    id: 'key-1',
    conversation: 'c',
    destinations: ['orders'],
  });
  await failOnce(api.sql, message.deliveries[0].id, 'parked');
  const job = await must('POST', '/v1/deliveries/retry', { filter: { destination: `orders-${tenant}` } });
  return {
    holder,
    ids: {
      tenants: tenant,
      keys: (await makeKey(api, ['messages:read'], tenant)).id,
      connections: `hooks-${tenant}`,
      destinations: `orders-${tenant}`,
      bridges: `bridge-${tenant}`,
      identities: `person-${tenant}`,
      quarantine: quarantined?.id ?? '',
      messages: message.id,
      deliveries: message.deliveries[0].id,
      jobs: job.id,
    },
  };
}

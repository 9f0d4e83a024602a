import type { Client } from './client.ts';

/** Destinations at the simulators: a webhook by its path, and a Slack channel by its id. */
export interface Sinks {
  webhook(id: string, options?: object): Promise<void>;
  slack(id: string, channel: string, options?: object): Promise<void>;
}

/** Makes the connections `hooks` and `slack`. */
export async function configureSinks(client: Client, simulators: string): Promise<Sinks> {
  const secrets = [`whsec_${Buffer.alloc(24, 7).toString('base64')}`];
  await client.must('PUT', '/v1/connections/hooks', { connector: 'webhook', settings: { secrets } });
  const settings = { botToken: 'xoxb-test', baseUrl: `${simulators}/slack/api/` };
  await client.must('PUT', '/v1/connections/slack', { connector: 'slack', settings });
  const put = (id: string, body: object): Promise<void> => client.must('PUT', `/v1/destinations/${id}`, body);
  return {
    webhook: (id, options = {}) =>
      put(id, { connection: 'hooks', address: { url: `${simulators}/webhook/${id}` }, ...options }),
    slack: (id, channel, options = {}) => put(id, { connection: 'slack', address: { channel }, ...options }),
  };
}

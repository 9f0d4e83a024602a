import { eventually } from './eventually.ts';

export interface Shown {
  readonly id: string;
  readonly destination: string;
  readonly state: string;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly nextAttemptAt?: string | null;
  readonly reason?: { code: string; message: string; status?: number } | null;
  readonly receipt?: { nativeId: string; at: string } | null;
  readonly late?: boolean;
}

export interface ShownMessage {
  readonly id: string;
  readonly state: string;
  readonly workflowId: string;
  readonly deliveries: readonly Shown[];
}

/** One request that a simulator recorded. */
export interface Recorded {
  readonly at: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly accepted: boolean;
}

/** The public API and the controls of the simulators, over HTTP, as a user calls them. */
export interface Client {
  readonly url: string;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; headers: Headers; body: any }>;
  /** Like `call`, but fails the test unless the answer is 2xx. */
  must(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<any>;
  message(id: string): Promise<ShownMessage>;
  /** Waits until every delivery of the message has come to rest. */
  rest(id: string, limitMs?: number): Promise<ShownMessage>;
  fault(connector: string, spec: object): Promise<void>;
  clearFaults(connector: string): Promise<void>;
  requests(connector: string): Promise<Recorded[]>;
  /** Returns how many times the webhook simulator holds each `webhook-id`. */
  webhookCounts(): Promise<Map<string, number>>;
  /** Returns how many posts of each delivery the Slack simulator shows. Deleted posts do not count. */
  slackCounts(): Promise<Map<string, number>>;
}

export function createClient(api: string, simulators: string, adminKey: string): Client {
  const sim = async (path: string, init?: RequestInit): Promise<any> => {
    const response = await fetch(`${simulators}/_sim/${path}`, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  };
  const client: Client = {
    url: api,
    async call(method, path, body, headers = {}) {
      const response = await fetch(api + path, {
        method,
        headers: {
          authorization: `Bearer ${adminKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
    },
    async must(method, path, body, headers) {
      const answer = await client.call(method, path, body, headers);
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    message: (id) => client.must('GET', `/v1/messages/${id}`),
    rest: (id, limitMs) =>
      eventually(
        `message ${id} at rest`,
        async () => {
          const message = await client.message(id);
          const open = message.deliveries.some(({ state }) =>
            ['queued', 'waiting', 'sending', 'retrying'].includes(state),
          );
          return open ? undefined : message;
        },
        limitMs,
      ),
    fault: (connector, spec) => sim(`${connector}/faults`, { method: 'POST', body: JSON.stringify(spec) }),
    clearFaults: (connector) => sim(`${connector}/faults`, { method: 'DELETE' }),
    async requests(connector) {
      const all: Recorded[] = [];
      for (let after = 0; ;) {
        const { requests } = await sim(`${connector}/requests?after=${after}&limit=1000`);
        if (requests.length === 0) return all;
        all.push(...requests);
        after = requests.at(-1).n;
      }
    },
    async webhookCounts() {
      const { accepted } = await sim('webhook/accepted');
      return new Map(accepted.map((one: { id: string; count: number }) => [one.id, one.count]));
    },
    async slackCounts() {
      const { channels } = (await sim('slack/accepted')) as {
        channels: Record<string, { metadata?: any; deleted?: true }[]>;
      };
      const counts = new Map<string, number>();
      for (const message of Object.values(channels).flat()) {
        if (message.deleted === true) continue;
        const id = String(message.metadata?.event_payload?.delivery_id);
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      return counts;
    },
  };
  return client;
}

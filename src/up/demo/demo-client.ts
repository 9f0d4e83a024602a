/** The part of the API's answer about a message that the demo shows. */
export interface DemoMessage {
  readonly id: string;
  readonly state: string;
  readonly deliveries: readonly DemoDelivery[];
}

interface DemoDelivery {
  readonly destination: string;
  readonly state: string;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly nextAttemptAt?: string | null;
  readonly reason?: { readonly code: string; readonly message?: string } | null;
}

/** The requests that the demo makes. It uses the same HTTP API as every other client. */
export interface DemoClient {
  exists(path: string): Promise<boolean>;
  put(path: string, body: unknown): Promise<void>;
  post(body: unknown, idempotencyKey: string): Promise<{ readonly id: string; readonly duplicate: boolean }>;
  message(id: string): Promise<DemoMessage>;
}

const answerMs = 10_000;

/** @param signal ends requests that are under way when the start is stopped. */
export function createDemoClient(api: string, key: string, signal: AbortSignal): DemoClient {
  const call = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(`${api}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    });
  const expectOk = async (response: Response): Promise<Response> => {
    if (response.ok) return response;
    throw new Error(`${response.url} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
  };
  return {
    exists: async (path) => {
      const response = await call('GET', path);
      if (response.status !== 404) await expectOk(response);
      return response.ok;
    },
    put: async (path, body) => {
      await expectOk(await call('PUT', path, body));
    },
    post: async (body, idempotencyKey) => {
      const response = await expectOk(await call('POST', '/v1/messages', body, { 'idempotency-key': idempotencyKey }));
      return (await response.json()) as { id: string; duplicate: boolean };
    },
    message: async (id) => (await (await expectOk(await call('GET', `/v1/messages/${id}`))).json()) as DemoMessage,
  };
}

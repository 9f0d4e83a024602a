import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAccessTokens } from '../../../src/connectors/http/access-tokens.ts';
import { withToken } from '../../../src/connectors/http/bearer.ts';
import { createEgress } from '../../../src/connectors/http/egress.ts';
import { createHttp } from '../../../src/connectors/http/client.ts';
import { SendFailure } from '../../../src/domain/failure.ts';

const slowMs = 150;
let server: Server;
let handedOut = 0;
const http = createHttp({ egress: createEgress(['127.0.0.0/8']) });

/** Issues a new token for each request, after a delay. */
beforeAll(async () => {
  server = createServer((_request, response) => {
    const answer = JSON.stringify({ access_token: `token-${(handedOut += 1)}`, expires_in: 3_600 });
    setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(answer), slowMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => void (handedOut = 0));
afterAll(async () => {
  await http.close();
  await new Promise((resolve) => server.close(resolve));
});

const request = () => ({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
  form: { grant_type: 'client_credentials' },
  secrets: [],
});
const context = (timeoutMs: number) => ({
  http,
  tokens: createAccessTokens(),
  now: new Date(),
  timeoutMs,
  signal: new AbortController().signal,
});

describe('withToken', () => {
  it('a call with a token, and its repetition, have only the time that is left after obtaining the token', async () => {
    const left: number[] = [];
    await withToken(request(), context(10_000), async (token, { timeoutMs }) => {
      left.push(timeoutMs);
      if (token === 'token-1')
        throw new SendFailure({ kind: 'transient', code: 'http_401', message: 'revoked', status: 401 });
    });
    // Timers may fire a millisecond early.
    expect(left[0]).toBeLessThanOrEqual(10_000 - slowMs + 1);
    expect(left[1]).toBeLessThanOrEqual(10_000 - 2 * slowMs + 2);
  });

  it('a call is not made if obtaining its token took all of the time', async () => {
    let calls = 0;
    const call = withToken(request(), context(slowMs / 3), async () => (calls += 1));
    await expect(call).rejects.toMatchObject({ kind: 'transient', affects: 'connection' });
    expect(calls).toBe(0);
  });
});

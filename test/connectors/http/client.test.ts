import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { createEgress } from '../../../src/connectors/http/egress.ts';
import { createHttp, type HttpClient } from '../../../src/connectors/http/client.ts';
import type { HttpRequestInit } from '../../../src/connectors/contract/http.ts';
import { HttpError } from '../../../src/connectors/http/error.ts';
import { excerptOf, retryAfterMs } from '../../../src/connectors/http/answer.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { loopback } from '../../support/simulators.ts';

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** A server below HTTP, which can misbehave in ways that no HTTP library allows. */
interface RawServer {
  readonly port: number;
  readonly sockets: Socket[];
  readonly received: () => string;
}

let servers: Server[] = [];
let http: HttpClient;

async function rawServer(onData: (socket: Socket, text: string, count: number) => void): Promise<RawServer> {
  const sockets: Socket[] = [];
  let received = '';
  let count = 0;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      received += data.toString('latin1');
      onData(socket, data.toString('latin1'), (count += 1));
    });
  });
  server.on('close', () => sockets.forEach((socket) => socket.destroy()));
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: (server.address() as AddressInfo).port, sockets, received: () => received };
}

const request = (url: string, more: Partial<HttpRequestInit> = {}): HttpRequestInit => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'text/plain' },
  body: 'hello',
  timeoutMs: 5_000,
  signal: new AbortController().signal,
  ...more,
});
const at = (port: number): string => `http://127.0.0.1:${port}/in?token=hidden`;

async function errorOf(call: Promise<unknown>): Promise<HttpError> {
  const error: unknown = await call.then(
    (value) => value,
    (reason: unknown) => reason,
  );
  if (error instanceof HttpError) return error;
  throw new Error('expected an HttpError', { cause: error });
}

beforeEach(() => {
  http = createHttp({ egress: createEgress(loopback) });
});
afterEach(async () => {
  await http.close();
  for (const server of servers) {
    server.close();
    server.emit('close');
  }
  servers = [];
});

describe('an HTTP answer', () => {
  it('an answer has status, headers and text, and its connection is used again', async () => {
    const server = await rawServer((socket) => socket.write(ok));
    for (let count = 0; count < 5; count += 1)
      expect(await http.request(request(at(server.port)))).toEqual({
        status: 200,
        headers: { 'content-length': '2' },
        text: 'ok',
        complete: true,
      });
    // undici frees a connection one turn after its answer, so requests in quick succession may alternate between two.
    expect(server.sockets.length).toBeLessThanOrEqual(2);
  });

  it('an answer has the status of the final response, not that of an interim one', async () => {
    const server = await rawServer((socket) => socket.write(`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${ok}`));
    expect(await http.request(request(at(server.port)))).toMatchObject({ status: 200, text: 'ok' });
  });

  it('an answer that is too long is cut at the limit, and its connection is dropped', async () => {
    const server = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = `2710\r\n${'x'.repeat(10_000)}\r\n`;
      const more = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', more);
      more();
    });
    const answer = await http.request(request(at(server.port), { maxResponseBytes: 1_000 }));
    expect(answer).toMatchObject({ status: 200, complete: false });
    expect(answer.text).toHaveLength(1_000);
    await eventually('the connection is closed', () => server.sockets.every(({ destroyed }) => destroyed));
  });

  it('an answer whose body breaks off still counts', async () => {
    const server = await rawServer((socket) => socket.end('HTTP/1.1 410 Gone\r\ncontent-length: 100\r\n\r\npart'));
    expect(await http.request(request(at(server.port)))).toMatchObject({ status: 410, text: 'part', complete: false });
  });

  it('an answer whose body does not end in time still counts', async () => {
    const server = await rawServer((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart'));
    const answer = await http.request(request(at(server.port), { timeoutMs: 300 }));
    expect(answer).toMatchObject({ status: 200, text: 'part', complete: false });
  });
});

describe('a request that fails before it is written', () => {
  it.each([
    ['a refused connection', async () => at(await freePort()), 'connection_refused'],
    ['an unknown host', async () => 'http://carillon-test.invalid/', 'dns_failure'],
    ['a literal outside of the allowed addresses', async () => 'http://169.254.169.254/latest', 'egress_denied'],
    ['a literal in disguise', async () => 'http://0xa9fea9fe/latest', 'egress_denied'],
    ['an IPv6 literal', async () => 'http://[fd00:ec2::254]/latest', 'egress_denied'],
    ['a mapped IPv6 literal', async () => 'http://[::ffff:169.254.169.254]/latest', 'egress_denied'],
    ['a private address over TLS', async () => 'https://10.0.0.1/', 'egress_denied'],
    ['another scheme', async () => 'ftp://127.0.0.1/', 'invalid_request'],
    ['no URL', async () => 'nonsense', 'invalid_request'],
  ])('a request that fails because of %s is known to be unwritten', async (_, url, code) => {
    expect(await errorOf(http.request(request(await url())))).toMatchObject({ code, written: false });
  });

  it('a name that resolves to a forbidden address is refused before anything is connected', async () => {
    const server = await rawServer((socket) => socket.write(ok));
    const strict = createHttp({ egress: createEgress([]) });
    const error = await errorOf(strict.request(request(`http://localhost:${server.port}/`)));
    await strict.close();
    expect(error).toMatchObject({ code: 'egress_denied', written: false });
    expect(server.sockets).toEqual([]);
  });

  it('a request whose TLS handshake fails is known to be unwritten', async () => {
    const server = await rawServer((socket) => socket.end('this is not TLS'));
    const error = await errorOf(http.request(request(`https://127.0.0.1:${server.port}/`)));
    expect(error).toMatchObject({ code: 'tls_error', written: false });
    expect(server.received()).not.toContain('POST');
  });

  it('a request whose TLS handshake never ends times out, and is known to be unwritten', async () => {
    const server = await rawServer(() => undefined);
    const error = await errorOf(http.request(request(`https://127.0.0.1:${server.port}/`, { timeoutMs: 200 })));
    expect(error).toMatchObject({ code: 'timeout', written: false });
  });

  it('a request with an invalid header is known to be unwritten, and its error does not show the header', async () => {
    const call = http.request(request(at(1), { headers: { authorization: 'Bearer s3cret\r\nx: y' } }));
    const error = await errorOf(call);
    expect(error).toMatchObject({ code: 'invalid_request', written: false });
    expect(`${error.message}${error.stack}${String(error.cause)}`).not.toContain('s3cret');
  });

  it('a request that a stop ends before the write is known to be unwritten', async () => {
    const server = await rawServer((socket) => socket.write(ok));
    const error = await errorOf(http.request(request(at(server.port), { signal: AbortSignal.abort() })));
    expect(error).toMatchObject({ code: 'stopped', written: false });
    const stop = new AbortController();
    const connecting = http.request(request(`https://127.0.0.1:${server.port}/`, { signal: stop.signal }));
    stop.abort();
    expect(await errorOf(connecting)).toMatchObject({ code: 'stopped', written: false });
    expect(server.received()).not.toContain('POST');
  });

  it('a request of a closed client is known to be unwritten', async () => {
    await http.close();
    expect(await errorOf(http.request(request(at(1))))).toMatchObject({ written: false });
  });
});

describe('a request that fails after it is written', () => {
  it.each([
    ['a reset', (socket: Socket) => socket.resetAndDestroy(), 'connection_reset'],
    ['an orderly end', (socket: Socket) => socket.end(), 'connection_reset'],
    ['what is not HTTP', (socket: Socket) => socket.end('nonsense\r\n\r\n'), 'bad_response'],
  ])('a request that is answered by %s counts as written', async (_, end, code) => {
    const server = await rawServer(end);
    expect(await errorOf(http.request(request(at(server.port))))).toMatchObject({ code, written: true });
  });

  it('a request that times out after the write counts as written, and its connection is closed', async () => {
    const server = await rawServer(() => undefined);
    const error = await errorOf(http.request(request(at(server.port), { timeoutMs: 200 })));
    expect(error).toMatchObject({ code: 'timeout', written: true });
    await eventually('the connection is closed', () => server.sockets.every(({ destroyed }) => destroyed));
  });

  it('a request on a connection that the server had dropped counts as written', async () => {
    const server = await rawServer((socket, _, count) => (count === 1 ? socket.write(ok) : socket.resetAndDestroy()));
    await http.request(request(at(server.port)));
    expect(await errorOf(http.request(request(at(server.port))))).toMatchObject({ written: true });
    expect(server.received().match(/POST/g)).toHaveLength(2);
  });

  it('the error of an unreadable answer contains none of it, because it may hold our secrets', async () => {
    const server = await rawServer((socket) => socket.end('you said s3cret\r\n\r\n'));
    const error = await errorOf(http.request(request(at(server.port))));
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('s3cret');
  });

  it('the error of a request names the host and hides the rest of the URL', async () => {
    const server = await rawServer((socket) => socket.resetAndDestroy());
    const error = await errorOf(http.request(request(at(server.port))));
    expect(error.message).toContain(`127.0.0.1:${server.port}`);
    expect(`${error.message}${error.stack}`).not.toContain('hidden');
  });
});

describe('retryAfterMs', () => {
  const now = new Date('2026-01-02T03:04:05Z');
  it.each([
    ['120', 120_000],
    ['0.5', 500],
    [' 7 ', 7_000],
    ['Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
    ['Friday, 02-Jan-26 03:05:05 GMT', 60_000],
    ['99999999999', 7 * 86_400_000],
    ['0', undefined],
    ['Fri, 02 Jan 2026 03:00:00 GMT', undefined],
    ['-5', undefined],
    ['soon', undefined],
    ['2026', 2_026_000],
    ['2027-01-01', undefined],
    ['', undefined],
  ])('retryAfterMs reads the Retry-After header %p as %p', (header, expected) => {
    expect(retryAfterMs({ 'retry-after': header }, now)).toBe(expected);
  });

  it('retryAfterMs is undefined if there is no Retry-After header', () => {
    expect(retryAfterMs({}, now)).toBeUndefined();
  });
});

describe('excerptOf', () => {
  it('an excerpt contains no secret of several lines, however its line ends are written', () => {
    const secret = '-----BEGIN PRIVATE KEY-----\nMIIEvQ\nIBADAN\n-----END PRIVATE KEY-----\n';
    for (const said of [secret, JSON.stringify(secret), encodeURIComponent(secret)]) {
      const excerpt = excerptOf(`you said ${said}!`, [secret]);
      expect(excerpt).toContain('[secret]');
      expect(excerpt).not.toContain('MIIEvQ');
    }
  });

  it('an excerpt is short and printable, and contains no secret in any of its spellings', () => {
    const secret = 'whsec_a+b/c=="';
    const text = `\u0000\u001b[31m${secret} a+b/c== ${encodeURIComponent(secret)} ${JSON.stringify(secret)}\n\u202Eend`;
    expect(excerptOf(text, [secret])).toBe('[31m[secret] a+b/c== [secret] "[secret]" end');
    expect(excerptOf('👍'.repeat(400), [])).toHaveLength(500);
    expect(excerptOf(`x${'👍'.repeat(400)}`, [])).toHaveLength(499);
    expect(excerptOf(`${'x'.repeat(490)}${secret}`, [secret])).toBe(`${'x'.repeat(490)}[secret]`);
  });
});

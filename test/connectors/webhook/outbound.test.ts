import { webhook } from '../../../src/connectors/webhook/index.ts';
import { connectorSuite, type Shown } from '../../suites/connector-suite.ts';
import { createEgress } from '../../../src/connectors/http/egress.ts';
import { createHttp } from '../../../src/connectors/http/client.ts';
import { checkFields } from '../../../src/connectors/contract/fields.ts';
import type { Http, HttpRequestInit } from '../../../src/connectors/contract/http.ts';
import type { Outgoing } from '../../../src/connectors/contract/connector.ts';
import type { Target } from '../../../src/connectors/contract/context.ts';
import type { Message } from '../../../src/domain/message.ts';
import {
  attempt,
  deletionOf,
  editOf,
  failureOf,
  replyTo,
  sampleMessage,
  sampleOutgoing,
  sendContext,
} from '../../support/outgoing.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';

const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ'];

interface Accepted {
  readonly accepted: { id: string; count: number; sameBody: boolean; body: string; attempts: string[] }[];
}
const find = async (bench: SimulatorBench, delivery: string) =>
  (await bench.accepted<Accepted>('webhook')).accepted.filter(({ id }) => id === delivery);

/** What a receiver finally shows if it applies every message, edit and delete. */
const shown = async (bench: SimulatorBench, { message, delivery }: Outgoing): Promise<Shown | undefined> => {
  const { accepted } = await bench.accepted<Accepted>('webhook');
  const told = accepted.map(({ id, body }) => ({ by: id, ...(JSON.parse(body) as Message & { text: string }) }));
  const created = told.find(({ by }) => by === delivery);
  const last = told.filter(({ id, refersTo }) => id === message.id || refersTo === message.id).at(-1);
  if (created === undefined || last === undefined || last.type === 'message.deleted') return undefined;
  const root = told.find(({ id }) => id === created.thread);
  return { text: last.text, ...(root === undefined ? {} : { replyTo: root.by }) };
};

const target = (base: string, more: object = {}): Target => ({
  connection: { id: 'hooks', settings: { secrets } },
  destination: { id: 'orders', address: { url: `${base}/webhook/orders`, ...more } },
});

describe('the connector of webhooks', () => {
  connectorSuite({
    connector: webhook,
    target: (base) => ({
      settings: { secrets },
      address: { url: `${base}/webhook/orders?source=carillon`, dedupeWindow: '24h' },
    }),
    paths: { create: '/webhook/', edit: '/webhook/', delete: '/webhook/', react: '/webhook/', unreact: '/webhook/' },
    copies: async (bench, delivery) => (await find(bench, delivery)).length,
    shown,
    isPostOf: ({ headers }, delivery) => headers['webhook-id'] === delivery,
    answers: [
      ...[300, 304, 400, 401, 404, 410, 413, 422, 451].map((status) => ({
        kind: 'permanent' as const,
        code: `http_${status}`,
        ...(status === 410 ? { affects: 'destination' as const } : {}),
        answer: { status, ...(status === 304 ? { body: '' } : {}) },
      })),
      { kind: 'transient', code: 'throttled', answer: { status: 429 } },
      ...[409, 425].map((status) => ({
        kind: 'transient' as const,
        code: `http_${status}`,
        answer: { status },
      })),
      ...[408, 500, 502, 503, 504].map((status) => ({
        kind: 'ambiguous' as const,
        code: `http_${status}`,
        answer: { status },
      })),
    ],
  });
});

describe('a request to a webhook', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['webhook']);
  });
  afterAll(() => bench.stop());

  it('a request has the documented headers and body', async () => {
    const out = sampleOutgoing(target(bench.url), { dataVersion: '3' });
    const now = new Date('2026-01-02T03:04:05.999Z');
    await attempt(webhook, out, sendContext(bench.http, { attempt: 2, now }));
    const [request] = (await bench.requests('webhook')).filter(({ headers }) => headers['webhook-id'] === out.delivery);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Carillon',
      'webhook-timestamp': '1767323045',
      'carillon-attempt': '2',
    });
    expect(Object.entries(JSON.parse(request?.body ?? ''))).toEqual([
      ['schemaVersion', '1'],
      ['dataVersion', '3'],
      ['id', out.message.id],
      ['type', 'incident.opened'],
      ['tenant', 'default'],
      ['source', 'api'],
      ['occurredAt', '2026-01-02T03:04:05.000Z'],
      ['conversation', 'inc-42'],
      ['sequence', 1],
      ['sender', { name: 'Ann' }],
      ['text', '**Disk full** on db-3'],
      ['content', { text: '**Disk full** on db-3', fields: { host: 'db-3', free: 0 } }],
      ['labels', { team: 'core', area: 'db' }],
      ['priority', 'critical'],
      ['correlationId', 'corr-1'],
    ]);
  });

  it('a request names the message that it edits, deletes or replies to', async () => {
    const root = { out: sampleOutgoing(target(bench.url)), receipt: null };
    const bodyOf = async (out: Outgoing) => {
      const prepared = (await webhook.prepare(out, sendContext(bench.http))) as { body: string };
      return Object.entries(JSON.parse(prepared.body)).filter(([key]) =>
        ['type', 'sequence', 'thread', 'refersTo', 'sender', 'text', 'content'].includes(key),
      );
    };
    expect(await bodyOf(replyTo(root, 'yes'))).toEqual([
      ['type', 'incident.opened'],
      ['sequence', 1],
      ['thread', root.out.message.id],
      ['sender', { name: 'Ann' }],
      ['text', 'yes'],
      ['content', { text: 'yes' }],
    ]);
    expect(await bodyOf(editOf(root, 'new'))).toEqual([
      ['type', 'message.edited'],
      ['sequence', 1],
      ['refersTo', root.out.message.id],
      ['sender', { name: 'Ann' }],
      ['text', 'new'],
      ['content', { text: 'new' }],
    ]);
    expect(await bodyOf(deletionOf(root))).toEqual([
      ['type', 'message.deleted'],
      ['sequence', 1],
      ['refersTo', root.out.message.id],
      ['sender', { name: 'Ann' }],
      ['text', ''],
      ['content', { text: '' }],
    ]);
  });

  it('a request has the same body in whatever order the store returns the keys', async () => {
    const one = sampleOutgoing(target(bench.url), { labels: { a: '1', b: '2' } });
    const turned = { ...one, message: { ...one.message, labels: { b: '2', a: '1' } } };
    const context = sendContext(bench.http);
    expect(await webhook.prepare(turned, context)).toEqual(await webhook.prepare(one, context));
  });

  it('a request is signed with every secret, so that a receiver with any of them accepts it', async () => {
    for (const accepted of [secrets, secrets.slice(0, 1), secrets.slice(1)]) {
      await bench.control('webhook', 'secrets', { secrets: accepted });
      await expect(attempt(webhook, sampleOutgoing(target(bench.url)), sendContext(bench.http))).resolves.toBeDefined();
    }
    await bench.control('webhook', 'secrets', { secrets: ['whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'] });
    const call = attempt(webhook, sampleOutgoing(target(bench.url)), sendContext(bench.http));
    expect(await failureOf(call)).toMatchObject({ kind: 'permanent', code: 'http_401' });
    await bench.control('webhook', 'secrets', { secrets: [] });
  });

  it('the signature of a request matches the example of the specification', async () => {
    const seen: HttpRequestInit[] = [];
    const http: Http = {
      request: async (request) => {
        seen.push(request);
        return { status: 204, headers: {}, text: '', complete: true };
      },
      open: () => Promise.reject(new Error('unused')),
    };
    const out = { ...sampleOutgoing(target('http://receiver.example')), delivery: 'msg_p5jXN8AQM9LWM0D4loKWxJek' };
    const now = new Date(1_614_265_330_000);
    await webhook.send({ body: '{"test": 2432232314}' }, out, sendContext(http, { now }));
    expect(seen[0]?.headers['webhook-signature']?.split(' ')).toEqual([
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      expect.stringMatching(/^v1,/),
    ]);
  });

  it('a message is not sent if its id would make the signed text ambiguous', async () => {
    const out = { ...sampleOutgoing(target(bench.url)), delivery: 'dlv_1.2' };
    expect(await failureOf(attempt(webhook, out, sendContext(bench.http)))).toMatchObject({ code: 'invalid_id' });
  });

  it.each([200, 201, 202, 204, 299])(
    'a message is delivered if the receiver answers %i, whatever the body',
    async (status) => {
      const out = sampleOutgoing(target(bench.url));
      await bench.fault('webhook', { match: out.message.id, mode: 'commit-then-status', status, body: 'no json' });
      const receipt = await attempt(webhook, out, sendContext(bench.http));
      expect(receipt).toEqual({ nativeId: out.delivery, status });
    },
  );

  it('a message is delivered if the receiver answers 200 with a body that is too long to read', async () => {
    const out = sampleOutgoing(target(bench.url));
    await bench.fault('webhook', { mode: 'commit-then-status', status: 200, body: 'x'.repeat(1_000_000) });
    expect(await attempt(webhook, out, sendContext(bench.http))).toMatchObject({ status: 200 });
  });

  it('a host name that resolves to a private address is reached only if that address is allowed', async () => {
    const base = bench.url.replace('127.0.0.1', 'localhost');
    await expect(attempt(webhook, sampleOutgoing(target(base)), sendContext(bench.http))).resolves.toBeDefined();
    const http = createHttp({ egress: createEgress(['10.0.0.0/8']) });
    const failure = await failureOf(attempt(webhook, sampleOutgoing(target(base)), sendContext(http)));
    expect(failure).toMatchObject({ kind: 'permanent', code: 'egress_denied' });
    await http.close();
  });
});

describe('the recovery class of a webhook', () => {
  it('a webhook is of recovery class C, and of class A if its connection or destination has a dedupe window', () => {
    expect(webhook.recoveryClass(target('http://x'), 'create')).toEqual({ kind: 'C' });
    expect(webhook.recoveryClass(target('http://x', { dedupeWindow: '5m' }), 'create')).toEqual({
      kind: 'A',
      memoryMs: 300_000,
    });
    const connection = { id: 'hooks', settings: { secrets, dedupeWindow: '1h' } };
    expect(webhook.recoveryClass({ ...target('http://x'), connection }, 'create')).toEqual({
      kind: 'A',
      memoryMs: 3_600_000,
    });
    expect(webhook.recoveryClass({ ...target('http://x', { dedupeWindow: '1s' }), connection }, 'create')).toEqual({
      kind: 'A',
      memoryMs: 1_000,
    });
  });

  it('edits and deletes of a webhook are of recovery class C, because a receiver may apply one twice', () => {
    for (const action of ['edit', 'delete'] as const)
      expect(webhook.recoveryClass(target('http://x'), action)).toEqual({ kind: 'C' });
  });
});

describe('the secrets of a webhook', () => {
  const check = (bytes: number, prefix = 'whsec_') =>
    checkFields(webhook.settings, { secrets: [prefix + Buffer.alloc(bytes, 0xab).toString('base64')] }, '/settings');

  it('a webhook secret must have 24 to 64 bytes in base64', () => {
    for (let bytes = 24; bytes <= 64; bytes += 1) expect(check(bytes)).toEqual([]);
    for (const bytes of [0, 16, 23, 65, 66, 80])
      expect(check(bytes)).toEqual([expect.objectContaining({ path: '/settings/secrets' })]);
    expect(check(32, '')).toEqual([expect.objectContaining({ code: 'pattern' })]);
  });

  it('a webhook connection needs at least one secret', () => {
    expect(checkFields(webhook.settings, { secrets: [] }, '')).toHaveLength(1);
    expect(checkFields(webhook.settings, {}, '')).toEqual([expect.objectContaining({ code: 'required' })]);
  });
});

const unused = () => Promise.reject(new Error('unused'));

it('a request contains no part of a message that is not in the documented body', async () => {
  const out = sampleOutgoing(target('http://x'), { ...sampleMessage(), receivedAt: 'not-for-receivers' });
  const prepared = await webhook.prepare(out, sendContext({ request: unused, open: unused }));
  expect(JSON.stringify(prepared)).not.toContain('not-for-receivers');
});

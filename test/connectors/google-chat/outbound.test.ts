import { checkFields } from '../../../src/connectors/contract/fields.ts';
import { googleChat } from '../../../src/connectors/google-chat/index.ts';
import { createAccessTokens } from '../../../src/connectors/http/access-tokens.ts';
import type { Outgoing } from '../../../src/connectors/contract/connector.ts';
import { connectorSuite } from '../../suites/connector-suite.ts';
import { clientOf, held, refusal, settings, shown, target } from '../../support/google-chat.ts';
import {
  attempt,
  deletionOf,
  editOf,
  failureOf,
  reactionTo,
  replyTo,
  sampleOutgoing,
  sendContext,
  type Created,
} from '../../support/outgoing.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';

const name = 'google-chat';

describe('the connector of Google Chat', () => {
  connectorSuite({
    connector: googleChat,
    target: (base) => ({ settings: settings(base), address: { space: 'spaces/AAAAops' } }),
    paths: { create: 'requestId=', edit: 'updateMask=', delete: 'force=', react: '/reactions', unreact: '/reactions/' },
    copies: async (bench, delivery) =>
      (await held(bench, 'spaces/AAAAops')).filter(({ client }) => client === clientOf(delivery)).length,
    shown,
    isPostOf: ({ method, path }, delivery) => method === 'POST' && path.includes(clientOf(delivery)),
    answers: [
      { kind: 'permanent', code: 'google_invalid_argument', answer: refusal(400, 'INVALID_ARGUMENT') },
      { kind: 'permanent', code: 'google_failed_precondition', answer: refusal(400, 'FAILED_PRECONDITION') },
      {
        kind: 'permanent',
        code: 'google_permission_denied',
        affects: 'destination',
        answer: refusal(403, 'PERMISSION_DENIED'),
      },
      { kind: 'permanent', code: 'google_not_found', affects: 'destination', answer: refusal(404, 'NOT_FOUND') },
      { kind: 'transient', code: 'throttled', answer: refusal(429, 'RESOURCE_EXHAUSTED') },
      { kind: 'transient', code: 'throttled', answer: { status: 429, body: 'slow down' } },
      { kind: 'ambiguous', code: 'http_500', answer: refusal(500, 'INTERNAL') },
      { kind: 'ambiguous', code: 'http_503', answer: refusal(503, 'UNAVAILABLE') },
      { kind: 'ambiguous', code: 'http_504', answer: refusal(504, 'DEADLINE_EXCEEDED') },
      { kind: 'permanent', code: 'http_404', answer: { status: 404, body: '<html>no such page</html>' } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 200, body: '<html>hello</html>' } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 200, body: '{"name":"spa' } },
      {
        action: 'edit',
        kind: 'permanent',
        code: 'google_permission_denied',
        affects: 'message',
        answer: refusal(403, 'PERMISSION_DENIED'),
      },
      { action: 'edit', kind: 'permanent', code: 'google_not_found', answer: refusal(404, 'NOT_FOUND') },
      { action: 'edit', kind: 'transient', code: 'throttled', answer: refusal(429, 'RESOURCE_EXHAUSTED') },
      { action: 'edit', kind: 'ambiguous', code: 'http_500', answer: refusal(500, 'INTERNAL') },
      {
        action: 'delete',
        kind: 'permanent',
        code: 'google_permission_denied',
        affects: 'message',
        answer: refusal(403, 'PERMISSION_DENIED'),
      },
      { action: 'delete', kind: 'ambiguous', code: 'http_503', answer: refusal(503, 'UNAVAILABLE') },
    ],
  });
});

describe('a post in Google Chat', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench([name]);
  });
  afterEach(() => bench.clearFaults(name));
  afterAll(() => bench.stop());
  const send = (out: Outgoing, more: object = {}) => attempt(googleChat, out, sendContext(bench.http, more));
  const post = async (out: Outgoing): Promise<Created> => ({ out, receipt: await send(out) });
  const fresh = (space: string, more: object = {}) => sampleOutgoing(target(bench.url, space, more));

  it('a post has the same two request ids in every attempt, and its receipt names message and thread', async () => {
    const out = fresh('spaces/AAAA01');
    const receipt = await send(out);
    const [message] = await held(bench, 'spaces/AAAA01');
    expect(message).toMatchObject({ text: '*Disk full* on db-3', client: clientOf(out.delivery) });
    expect(receipt).toEqual({ nativeId: `${message?.name}:${message?.thread.split('/')[3]}`, status: 200 });
    const request = (await bench.requests(name)).at(-1);
    const query = new URL(request?.path ?? '', bench.url).searchParams;
    expect(query.get('requestId')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(clientOf(out.delivery)).toMatch(/^client-[a-z0-9-]{1,56}$/);
    expect(clientOf('dlv_01k0000000000000000000000a')).toMatch(/^client-[a-z0-9-]{1,56}$/);
  });

  it('a repeated post returns the first message if Google still remembers the request', async () => {
    const out = fresh('spaces/AAAA02');
    const first = await send(out);
    expect(await send(out, { attempt: 2 })).toEqual(first);
    expect((await bench.requests(name)).at(-1)).toMatchObject({
      method: 'GET',
      path: `/google-chat/v1/spaces/AAAA02/messages/${clientOf(out.delivery)}`,
    });
    expect(await held(bench, 'spaces/AAAA02')).toHaveLength(1);
  });

  it('a post or reply that is repeated after Google forgot the request is still there only once', async () => {
    const root = await post(fresh('spaces/AAAA03'));
    const out = replyTo(root);
    await bench.fault(name, { path: 'requestId=', mode: 'commit-then-timeout' });
    expect(await failureOf(send(out, { timeoutMs: 400 }))).toMatchObject({ kind: 'ambiguous' });
    await bench.control(name, 'requests', { remembers: false });
    const again = await send(out, { attempt: 2 });
    await bench.control(name, 'requests', { remembers: true });
    const [first, second, ...more] = await held(bench, 'spaces/AAAA03');
    expect(more).toEqual([]);
    expect(second).toMatchObject({ thread: first?.thread, isReply: true });
    expect(again).toEqual({ nativeId: `${second?.name}:${first?.thread.split('/')[3]}:reply`, status: 409 });
  });

  it('a post whose name is taken stays in doubt while the existing message cannot be fetched', async () => {
    const out = fresh('spaces/AAAA04');
    await send(out);
    for (const answer of [refusal(503, 'UNAVAILABLE'), refusal(403, 'PERMISSION_DENIED'), refusal(404, 'NOT_FOUND')]) {
      await bench.fault(name, { path: `messages/${clientOf(out.delivery)}`, ...answer });
      expect(await failureOf(send(out, { attempt: 2 }))).toMatchObject({ kind: 'ambiguous', affects: 'message' });
    }
  });

  it('a refusal of a repeated post is believed only after a check that the first attempt did not post it', async () => {
    const out = fresh('spaces/AAAA16');
    const first = await send(out);
    await bench.fault(name, { path: 'requestId=', times: 2, ...refusal(400, 'INVALID_ARGUMENT') });
    expect(await send(out, { attempt: 2 })).toEqual({ ...first, status: 400 });
    const other = fresh('spaces/AAAA16');
    expect(await failureOf(send(other, { attempt: 2 }))).toMatchObject({
      kind: 'permanent',
      code: 'google_invalid_argument',
    });
    const before = (await bench.requests(name)).length;
    await bench.fault(name, { path: 'requestId=', ...refusal(403, 'PERMISSION_DENIED') });
    expect(await failureOf(send(out, { attempt: 2 }))).toMatchObject({ kind: 'permanent', affects: 'destination' });
    expect((await bench.requests(name)).slice(before).map(({ method }) => method)).toEqual(['POST', 'POST']);
  });

  it('a reply to a reply goes into the same thread, and a reply to a deleted message starts a new one', async () => {
    const root = await post(fresh('spaces/AAAA05'));
    const reply = await post(replyTo(root));
    const second = await post(replyTo(reply));
    const posts = await held(bench, 'spaces/AAAA05');
    expect(new Set(posts.map(({ thread }) => thread)).size).toBe(1);
    expect(second.receipt?.degraded).toBeUndefined();
    await send(deletionOf(root));
    expect((await held(bench, 'spaces/AAAA05')).every(({ deleted }) => deleted !== undefined)).toBe(true);
    const astray = await post(replyTo(root));
    expect(astray.receipt).toMatchObject({ degraded: { code: 'thread_missing' } });
    expect(astray.receipt?.nativeId).not.toMatch(/reply$/);
  });

  it('after its destination moved, a reply is posted in the new space and an edit reaches the old one', async () => {
    const root = await post(fresh('spaces/AAAA06'));
    const address = { space: 'spaces/AAAA07' };
    const moved = { ...root.out, destination: { ...root.out.destination, address } };
    const reply = await post({ ...replyTo(root), destination: moved.destination });
    expect(reply.receipt).toMatchObject({ degraded: { code: 'thread_missing' } });
    expect(reply.receipt?.nativeId).toMatch(/^spaces\/AAAA07\//);
    await send({ ...editOf(root, 'second'), destination: moved.destination });
    expect(await shown(bench, root.out)).toEqual({ text: 'second' });
  });

  it('a bridged post shows its author and platform, also after an edit', async () => {
    const author = { name: 'Ann *A*', source: 'Slack' };
    const created = await post({ ...fresh('spaces/AAAA08'), author });
    expect((await shown(bench, created.out))?.text).toBe(
      '*Ann \u200B*\u200BA\u200B*\u200B (Slack):* *Disk full* on db-3',
    );
    await send({ ...editOf(created, 'second'), author: { ...author, name: 'Ann' } });
    expect((await shown(bench, created.out))?.text).toBe('*Ann (Slack):* second');
  });

  it('a post is sent with a new token if the cached one is refused early', async () => {
    const tokens = createAccessTokens();
    await send(fresh('spaces/AAAA09'), { tokens });
    await bench.control(name, 'revoke', {});
    await send(fresh('spaces/AAAA09'), { tokens });
    expect(await held(bench, 'spaces/AAAA09')).toHaveLength(2);
    const asked = (await bench.requests(name)).filter(({ path }) => path === '/google-chat/token');
    expect(asked.length).toBeGreaterThanOrEqual(2);
  });

  it('a refused new token may be tried again, and a refused account or unusable key stops the connection', async () => {
    await bench.fault(name, { path: 'requestId=', times: 2, ...refusal(401, 'UNAUTHENTICATED') });
    expect(await failureOf(send(fresh('spaces/AAAA10')))).toMatchObject({
      kind: 'transient',
      code: 'google_unauthenticated',
      affects: 'connection',
    });
    const other = fresh('spaces/AAAA10', { serviceAccount: 'other@simulated.iam.gserviceaccount.com' });
    expect(await failureOf(send(other))).toMatchObject({
      kind: 'permanent',
      code: 'invalid_grant',
      affects: 'connection',
    });
    const privateKey = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----';
    const failure = await failureOf(send(fresh('spaces/AAAA10', { privateKey })));
    expect(failure).toMatchObject({ kind: 'permanent', code: 'invalid_private_key', affects: 'connection' });
    expect(await held(bench, 'spaces/AAAA10')).toEqual([]);
  });

  it('a private key that was copied from the JSON file with escaped line ends is accepted', async () => {
    const { privateKey } = settings(bench.url);
    const out = fresh('spaces/AAAA11', { privateKey: privateKey.trim().replaceAll('\n', '\\n') });
    await expect(send(out)).resolves.toBeDefined();
    expect(checkFields(googleChat.settings, out.connection.settings, '')).toEqual([]);
  });

  it('an empty post and a reaction are refused before any request is made', async () => {
    const created = await post(fresh('spaces/AAAA12'));
    const before = (await bench.requests(name)).length;
    const nothing = sampleOutgoing(target(bench.url), { content: { text: ' \n' } });
    expect(await failureOf(send(nothing))).toMatchObject({ kind: 'permanent', code: 'no_text' });
    expect(await failureOf(send(reactionTo(created, '👍')))).toMatchObject({ code: 'not_supported' });
    expect(await bench.requests(name)).toHaveLength(before);
  });

  it('a post that is too long is cut at the limit in bytes, and Google accepts it', async () => {
    const out = sampleOutgoing(target(bench.url, 'spaces/AAAA13'), { content: { text: 'ü'.repeat(40_000) } });
    await send(out);
    const { text = '' } = (await shown(bench, out)) ?? {};
    expect(Buffer.byteLength(text)).toBeGreaterThan(31_000);
    expect(text).toMatch(/ü…$/);
  });

  it('the simulator limits posts to one a second and space if told so', async () => {
    await bench.control(name, 'limits', {});
    await send(fresh('spaces/AAAA14'));
    expect(await failureOf(send(fresh('spaces/AAAA14')))).toMatchObject({ kind: 'transient', code: 'throttled' });
    await send(fresh('spaces/AAAA15'));
    await bench.control(name, 'limits', { enabled: false });
    await send(fresh('spaces/AAAA14'));
  });

  it('a post to a space that does not exist is a failure of the destination', async () => {
    expect(await failureOf(send(fresh('spaces/BBBB')))).toMatchObject({
      code: 'google_not_found',
      affects: 'destination',
    });
  });
});

describe('the settings of Google Chat', () => {
  it('the settings of Google Chat have defaults and check the form of an audience and of a space', () => {
    const { serviceAccount, privateKey } = settings('');
    expect(checkFields(googleChat.settings, { serviceAccount, privateKey }, '')).toEqual([]);
    for (const audience of ['carillon', 'ftp://a.b', '12a'])
      expect(checkFields(googleChat.settings, { serviceAccount, privateKey, audience }, '')).toEqual([
        expect.objectContaining({ code: 'pattern' }),
      ]);
    expect(checkFields(googleChat.settings, { serviceAccount, privateKey, audience: '123456' }, '')).toEqual([]);
    expect(checkFields(googleChat.address, { space: 'Ops' }, '')).toEqual([
      expect.objectContaining({ code: 'pattern' }),
    ]);
  });
});

import { checkFields } from '../../../src/connectors/contract/fields.ts';
import { createAccessTokens } from '../../../src/connectors/http/access-tokens.ts';
import { msteams } from '../../../src/connectors/msteams/index.ts';
import { connectorSuite } from '../../suites/connector-suite.ts';
import {
  attempt,
  deletionOf,
  editOf,
  failureOf,
  reactionTo,
  replyTo,
  sampleOutgoing,
  sendContext,
} from '../../support/outgoing.ts';
import { roomsAt } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { channel, chat, copies, isPostOf, refusal, settings, shown, target } from '../../support/msteams.ts';

const destination = { kind: 'permanent', affects: 'destination' } as const;

describe('the connector of Teams', () => {
  connectorSuite({
    connector: msteams,
    target: (base) => ({ settings: settings(base), address: { conversation: channel } }),
    paths: {
      create: '/v3/conversations',
      edit: '/activities/',
      delete: '/activities/',
      react: 'no such call',
      unreact: 'no such call',
    },
    copies,
    shown,
    isPostOf,
    answers: [
      { kind: 'permanent', code: 'bad_syntax', answer: refusal(400, 'BadSyntax') },
      { kind: 'permanent', code: 'bad_argument', answer: refusal(400, 'BadArgument') },
      { kind: 'permanent', code: 'message_size_too_big', answer: refusal(413, 'MessageSizeTooBig') },
      { kind: 'permanent', code: 'teams_brand_new', answer: refusal(400, 'BrandNew') },
      { ...destination, code: 'bot_disabled_by_admin', answer: refusal(403, 'BotDisabledByAdmin') },
      { ...destination, code: 'bot_not_in_conversation_roster', answer: refusal(403, 'BotNotInConversationRoster') },
      { ...destination, code: 'conversation_blocked_by_user', answer: refusal(403, 'ConversationBlockedByUser') },
      { ...destination, code: 'forbidden_operation_exception', answer: refusal(403, 'ForbiddenOperationException') },
      { ...destination, code: 'invalid_bot_api_host', answer: refusal(403, 'InvalidBotApiHost') },
      { ...destination, code: 'not_enough_permissions', answer: refusal(403, 'NotEnoughPermissions') },
      { ...destination, code: 'message_writes_blocked', answer: refusal(403, 'MessageWritesBlocked') },
      { ...destination, code: 'conversation_not_found', answer: refusal(404, 'ConversationNotFound') },
      { kind: 'transient', code: 'precondition_failed', answer: refusal(412, 'PreconditionFailed') },
      { kind: 'transient', code: 'throttled', answer: refusal(429, 'Throttled') },
      { kind: 'transient', code: 'throttled', answer: { status: 429, body: 'slow down' } },
      { kind: 'ambiguous', code: 'service_error', answer: refusal(500, 'ServiceError') },
      { kind: 'ambiguous', code: 'http_500', answer: { status: 500, body: '<html>oops</html>' } },
      { kind: 'ambiguous', code: 'http_502', answer: { status: 502, body: 'bad gateway' } },
      { kind: 'ambiguous', code: 'http_503', answer: refusal(503, 'ServiceUnavailable') },
      { kind: 'ambiguous', code: 'http_504', answer: { status: 504, body: '' } },
      { kind: 'permanent', code: 'http_404', answer: { status: 404, body: 'no such page' } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 201, body: {} } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 200, body: '{"id":"1' } },
      {
        action: 'edit',
        kind: 'permanent',
        code: 'activity_not_found_in_conversation',
        answer: refusal(404, 'ActivityNotFoundInConversation'),
      },
      {
        action: 'edit',
        kind: 'permanent',
        code: 'not_enough_permissions',
        answer: refusal(403, 'NotEnoughPermissions'),
      },
      { action: 'edit', ...destination, code: 'conversation_not_found', answer: refusal(404, 'ConversationNotFound') },
      { action: 'delete', kind: 'ambiguous', code: 'service_error', answer: refusal(500, 'ServiceError') },
      { action: 'delete', ...destination, code: 'bot_disabled_by_admin', answer: refusal(403, 'BotDisabledByAdmin') },
    ],
  });
});

describe('a post to Teams', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['msteams']);
  });
  afterEach(() => bench.clearFaults('msteams'));
  afterAll(() => bench.stop());
  const context = (more: object = {}) => sendContext(bench.http, more);
  const send = (out: ReturnType<typeof sampleOutgoing>) => attempt(msteams, out, context());
  const read = (conversation: string) => roomsAt(bench.url).read('msteams', conversation);

  it('a post to a channel starts a new thread, and its receipt names the thread and the message', async () => {
    const receipt = await send(sampleOutgoing(target(bench.url, '19:first@thread.tacv2')));
    const [message] = await read('19:first@thread.tacv2');
    expect(message).toMatchObject({ markup: '<p><strong>Disk full</strong> on db-3</p>', thread: null, isBot: true });
    const id = message?.id;
    expect(receipt).toEqual({ nativeId: `19:first@thread.tacv2;messageid=${id}/${id}`, status: 201 });
    const request = (await bench.requests('msteams')).at(-1);
    expect(request?.path).toBe('/msteams/service/v3/conversations');
    expect(request?.headers['authorization']).toMatch(/^Bearer sim\./);
  });

  it('a reply in a chat is posted below the last message, and its receipt says so', async () => {
    const out = sampleOutgoing(target(bench.url, chat));
    const receipt = await send(out);
    expect(receipt.nativeId).toMatch(/^19:talk@thread\.v2\/\d+$/);
    expect(receipt.degraded).toBeUndefined();
    const reply = await send(replyTo({ out, receipt }));
    expect(reply).toMatchObject({ nativeId: expect.stringMatching(/^19:talk@thread\.v2\/\d+$/) });
    expect(reply.degraded?.code).toBe('no_threads');
    const { path, body } = (await bench.requests('msteams')).at(-1) ?? {};
    const root = receipt.nativeId.split('/')[1];
    expect(path).toMatch(new RegExp(`/activities/${root}$`));
    expect(JSON.parse(body ?? '')).toMatchObject({ replyToId: root });
  });

  it('a reply to a reply in a channel goes to the root of the same thread', async () => {
    const out = sampleOutgoing(target(bench.url));
    const created = { out, receipt: await send(out) };
    const first = replyTo(created);
    const second = await send(replyTo({ out: first, receipt: await send(first) }, 'below'));
    const root = created.receipt.nativeId.split('/')[1] ?? '';
    expect(second.nativeId).toContain(`;messageid=${root}/`);
    expect((await read(channel)).find(({ markup }) => markup.includes('below'))).toMatchObject({ thread: root });
  });

  it('a reply starts a new thread if its destination was moved to another channel', async () => {
    const out = sampleOutgoing(target(bench.url, '19:before@thread.tacv2'));
    const moved = { ...replyTo({ out, receipt: await send(out) }), ...target(bench.url, '19:after@thread.tacv2') };
    expect(await send(moved)).toMatchObject({ degraded: { code: 'thread_missing' } });
  });

  it('a refused edit in the old conversation of a moved destination is a failure of the message only', async () => {
    const out = sampleOutgoing(target(bench.url, '19:old@thread.tacv2'));
    const created = { out, receipt: await send(out) };
    await bench.fault('msteams', { path: '/activities/', times: 2, ...refusal(404, 'ConversationNotFound') });
    const failed = { kind: 'permanent', code: 'conversation_not_found' };
    const moved = { ...editOf(created, 'second'), ...target(bench.url, '19:new@thread.tacv2') };
    expect(await failureOf(send(moved))).toMatchObject({ ...failed, affects: 'message' });
    expect(await failureOf(send(editOf(created, 'second')))).toMatchObject({ ...failed, affects: 'destination' });
  });

  it('a post goes to the service URL of its conversation if the address has one', async () => {
    const out = sampleOutgoing(target(bench.url, channel, { serviceUrl: 'http://carillon-test.invalid/' }));
    const address = { conversation: channel, serviceUrl: `${bench.url}/msteams/service` };
    await expect(send({ ...out, destination: { ...out.destination, address } })).resolves.toBeDefined();
  });

  it('a bridged post shows its author and platform, also after an edit', async () => {
    const author = { name: 'Ann <b>', source: 'Slack' };
    const out = { ...sampleOutgoing(target(bench.url, '19:authors@thread.tacv2')), author };
    const receipt = await send(out);
    const head = '<p><strong>Ann &lt;b> (Slack):</strong> ';
    expect((await read('19:authors@thread.tacv2'))[0]?.markup).toMatch(head);
    await send({ ...editOf({ out, receipt }, 'second'), author });
    expect((await read('19:authors@thread.tacv2'))[0]?.markup).toBe(`${head}second</p>`);
  });

  it('a post mentions a person who is known in Teams and names any other person', async () => {
    const text = 'see [@ben](mention:acme/U1) and [@Eve](mention:acme/U2), not <at>Cleo Cruz</at>';
    const people = new Map([['mention:acme/U1', { id: '29:1ben-sim', name: 'Ben Baker' }]]);
    const place = '19:mentions@thread.tacv2';
    await send({ ...sampleOutgoing(target(bench.url, place), { content: { text } }), people });
    expect((await read(place))[0]).toMatchObject({
      mentions: ['ben'],
      markup: '<p>see <at>Ben Baker</at> and @Eve, not &lt;at>Cleo Cruz&lt;/at></p>',
    });
  });

  it('an empty post, a change without a valid id, and a reaction are refused before any request is made', async () => {
    const before = (await bench.requests('msteams')).length;
    const empty = sampleOutgoing(target(bench.url), { content: { text: ' \n' } });
    expect(await failureOf(send(empty))).toMatchObject({ kind: 'permanent', code: 'no_text' });
    const strange = deletionOf({ out: empty, receipt: { nativeId: 'C0OPS:1.2' } });
    expect(await failureOf(send(strange))).toMatchObject({ kind: 'permanent', code: 'invalid_native_id' });
    const reaction = reactionTo({ out: empty, receipt: { nativeId: `${channel}/1` } }, '👍');
    expect(await failureOf(send(reaction))).toMatchObject({ kind: 'permanent', code: 'not_supported' });
    expect(await bench.requests('msteams')).toHaveLength(before);
  });

  it('a post is sent with a new token if the cached one is refused early', async () => {
    const tokens = createAccessTokens();
    const post = (out = sampleOutgoing(target(bench.url))) => attempt(msteams, out, context({ tokens }));
    await post();
    await bench.control('msteams', 'revoke', {});
    const out = sampleOutgoing(target(bench.url));
    await post(out);
    expect((await bench.requests('msteams')).filter((one) => isPostOf(one, out.delivery))).toHaveLength(2);
    expect(await copies(bench, out.delivery)).toBe(1);
  });

  it('a refused new token and a wrong password stop the connection', async () => {
    await bench.fault('msteams', { path: '/v3/conversations', times: 2, ...refusal(401, 'BotNotRegistered') });
    expect(await failureOf(send(sampleOutgoing(target(bench.url))))).toMatchObject({
      kind: 'permanent',
      affects: 'connection',
      code: 'bot_not_registered',
    });
    const bad = sampleOutgoing(target(bench.url, channel, { appPassword: 'wrong' }));
    expect(await failureOf(send(bad))).toMatchObject({
      kind: 'permanent',
      affects: 'connection',
      code: 'invalid_client',
    });
  });

  it('a token that cannot be obtained before the claim leaves nothing in doubt', async () => {
    await bench.fault('msteams', { path: '/oauth2/', status: 503 });
    const out = sampleOutgoing(target(bench.url));
    const call = msteams.prepare(out, context());
    expect(await failureOf(call)).toMatchObject({ kind: 'transient', affects: 'connection' });
  });

  it('a post whose syntax is refused may be sent again as plain text', async () => {
    const refused = async (code: string) => {
      await bench.fault('msteams', { path: '/v3/conversations', ...refusal(400, code) });
      return (await failureOf(send(sampleOutgoing(target(bench.url))))).isOfFormat;
    };
    expect([await refused('BadSyntax'), await refused('BadArgument')]).toEqual([true, false]);
  });

  it('the simulator limits posts in each thread if told so', async () => {
    await bench.control('msteams', 'limits', {});
    const place = target(bench.url, '19:busy@thread.v2');
    for (let count = 0; count < 7; count += 1) await send(sampleOutgoing(place));
    expect(await failureOf(send(sampleOutgoing(place)))).toMatchObject({ code: 'throttled', retryAfterMs: 1_000 });
    await send(sampleOutgoing(target(bench.url, '19:quiet@thread.v2')));
    await bench.control('msteams', 'limits', { enabled: false });
  });

  it('a post that is too long is cut, and Teams accepts it', async () => {
    const place = '19:long@thread.tacv2';
    const text = '&<**b** '.repeat(30_000);
    await send(sampleOutgoing(target(bench.url, place), { content: { text } }));
    expect((await read(place))[0]?.markup).toMatch(/…/);
  });
});

describe('the address of a destination in Teams', () => {
  it('an address in Teams is a conversation without a thread', () => {
    expect(checkFields(msteams.address, { conversation: channel }, '')).toEqual([]);
    expect(checkFields(msteams.address, { conversation: `${channel};messageid=1` }, '')).toEqual([
      expect.objectContaining({ code: 'pattern' }),
    ]);
  });
});

import { checkFields } from '../../../src/connectors/contract/fields.ts';
import type { ActionKind } from '../../../src/connectors/contract/connector.ts';
import type { FailureKind, Affected } from '../../../src/domain/failure.ts';
import { slack } from '../../../src/connectors/slack/index.ts';
import { connectorSuite, type AnswerCase } from '../../suites/connector-suite.ts';
import { attempt, failureOf, sampleOutgoing, sendContext } from '../../support/outgoing.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { held, reactionsOf, refusal, settings, shown, target } from '../../support/slack.ts';

const message = ['no_text', 'invalid_blocks', 'invalid_blocks_format', 'msg_blocks_too_long', 'msg_too_long'];
const rows: readonly [FailureKind, Affected, readonly string[]][] = [
  ['permanent', 'message', message],
  ['permanent', 'message', ['too_many_attachments', 'invalid_arguments', 'cannot_reply_to_message']],
  ['permanent', 'message', ['metadata_too_large', 'restricted_action_non_threadable_channel', 'slack_brand_new_error']],
  ['permanent', 'destination', ['channel_not_found', 'not_in_channel', 'is_archived', 'ekm_access_denied']],
  ['permanent', 'destination', ['users_not_found', 'restricted_action', 'restricted_action_read_only_channel']],
  ['permanent', 'connection', ['invalid_auth', 'not_authed', 'token_revoked', 'token_expired', 'account_inactive']],
  ['permanent', 'connection', ['missing_scope', 'org_login_required', 'access_denied']],
  ['transient', 'connection', ['service_unavailable', 'team_added_to_org']],
  ['ambiguous', 'destination', ['slack_fatal_error', 'slack_internal_error', 'slack_request_timeout']],
];
const answersOf = (action: ActionKind, of: typeof rows): AnswerCase[] =>
  of.flatMap(([kind, affects, codes]) =>
    codes.map((code) => ({ action, kind, affects, code, answer: refusal(code.replace(/^slack_/, '')) })),
  );

describe('the connector of Slack', () => {
  connectorSuite({
    connector: slack,
    target: (base) => ({ settings: settings(base), address: { channel: 'C0OPS' } }),
    paths: {
      create: 'chat.postMessage',
      edit: 'chat.update',
      delete: 'chat.delete',
      react: 'reactions.add',
      unreact: 'reactions.remove',
    },
    lookupPath: 'conversations.history',
    threadLookupPath: 'conversations.replies',
    copies: async (bench, delivery) =>
      (await held(bench, 'C0OPS')).filter(({ metadata }) => metadata?.event_payload.delivery_id === delivery).length,
    shown,
    reactions: reactionsOf,
    isPostOf: ({ path, body }, delivery) => path.endsWith('chat.postMessage') && body.includes(`"${delivery}"`),
    answers: [
      ...answersOf('create', rows),
      ...answersOf('edit', [
        ['permanent', 'message', ['message_not_found', 'cant_update_message', 'edit_window_closed', 'msg_too_long']],
        ['permanent', 'destination', ['channel_not_found', 'is_archived']],
        ['permanent', 'connection', ['token_revoked']],
        ['ambiguous', 'destination', ['slack_internal_error']],
      ]),
      ...answersOf('delete', [
        ['permanent', 'message', ['cant_delete_message']],
        ['permanent', 'destination', ['channel_not_found']],
        ['permanent', 'connection', ['missing_scope']],
        ['ambiguous', 'destination', ['slack_fatal_error']],
      ]),
      ...(['create', 'edit'] as const).flatMap((action) =>
        [refusal('ratelimited'), refusal('rate_limited'), { status: 429 }].map((answer): AnswerCase => ({
          action,
          kind: 'transient',
          affects: 'destination',
          code: 'throttled',
          answer,
        })),
      ),
      {
        kind: 'transient',
        code: 'service_unavailable',
        affects: 'connection',
        answer: { ...refusal('service_unavailable'), status: 503 },
      },
      { kind: 'ambiguous', code: 'http_503', answer: { ...refusal('brand_new_error'), status: 503 } },
      { kind: 'ambiguous', code: 'http_500', answer: { status: 500, body: '<html>oops</html>' } },
      { kind: 'ambiguous', code: 'http_502', answer: { status: 502, body: 'bad gateway' } },
      { kind: 'permanent', code: 'http_404', answer: { status: 404, body: 'no such page' } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 200, body: '<html>hello</html>' } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 200, body: { ok: true } } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 200, body: '{"ok":tru' } },
    ],
    lookupRefusals: [
      refusal('ratelimited'),
      refusal('missing_scope'),
      refusal('channel_not_found'),
      refusal('internal_error'),
      { status: 429, retryAfter: 30 },
      { status: 500 },
      { status: 200, body: 'not json' },
      { status: 200, body: { ok: true } },
      { status: 200, body: { ok: true, messages: [], has_more: true } },
      { status: 200, body: { ok: true, messages: [{ ts: '1.0', metadata: { event_type: 'carillon_delivery' } }] } },
    ],
  });
});

describe('a post in Slack', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['slack']);
  });
  afterAll(() => bench.stop());

  it('a post has mrkdwn, the mark and the bearer token, and its receipt names channel and ts', async () => {
    const out = sampleOutgoing(target(bench.url, 'C01'));
    const receipt = await attempt(slack, out, sendContext(bench.http));
    const [message] = await held(bench, 'C01');
    expect(message).toMatchObject({
      text: '*Disk full* on db-3',
      metadata: { event_type: 'carillon_delivery', event_payload: { delivery_id: out.delivery } },
    });
    expect(receipt).toEqual({ nativeId: `C01:${message?.ts}`, status: 200 });
    const request = (await bench.requests('slack')).at(-1);
    expect(request?.path).toBe('/slack/api/chat.postMessage');
    expect(request?.headers['authorization']).toBe('Bearer xoxb-1234-5678-abcDEF');
  });

  it('the base URL of Slack may lack its last slash', async () => {
    const connection = { baseUrl: `${bench.url}/slack/api` };
    const out = sampleOutgoing(target(bench.url, 'C02', connection));
    await expect(attempt(slack, out, sendContext(bench.http))).resolves.toBeDefined();
  });

  it('the base URL of Slack has a default', () => {
    const { baseUrl: _, ...rest } = settings('');
    expect(checkFields(slack.settings, rest, '')).toEqual([]);
  });

  it('an empty post is refused', async () => {
    const out = sampleOutgoing(target(bench.url), { content: { text: ' \n' } });
    expect(await failureOf(attempt(slack, out, sendContext(bench.http)))).toMatchObject({
      kind: 'permanent',
      code: 'no_text',
    });
  });

  it('the simulator refuses a post with a bad token or to an unknown channel', async () => {
    const bad = sampleOutgoing(target(bench.url, 'C0OPS', { botToken: 'xoxp-1' }));
    expect(await failureOf(attempt(slack, bad, sendContext(bench.http)))).toMatchObject({ code: 'invalid_auth' });
    const nowhere = sampleOutgoing(target(bench.url, 'D0NE'));
    expect(await failureOf(attempt(slack, nowhere, sendContext(bench.http)))).toMatchObject({
      kind: 'permanent',
      code: 'channel_not_found',
    });
  });

  it('the simulator limits posts to one a second and channel if told so', async () => {
    await bench.control('slack', 'limits', {});
    const now = () => attempt(slack, sampleOutgoing(target(bench.url, 'C03')), sendContext(bench.http));
    await now();
    expect(await failureOf(now())).toMatchObject({ code: 'throttled', retryAfterMs: 1_000 });
    await attempt(slack, sampleOutgoing(target(bench.url, 'C04')), sendContext(bench.http));
    await bench.control('slack', 'limits', { enabled: false });
    await now();
  });
});

describe('the look-up of a post in Slack', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['slack']);
  });
  afterAll(() => bench.stop());

  it('the look-up reads further pages until it finds the post', async () => {
    const since = new Date();
    const first = sampleOutgoing(target(bench.url, 'C05'));
    const receipt = await attempt(slack, first, sendContext(bench.http));
    for (let count = 0; count < 410; count += 1)
      await attempt(slack, sampleOutgoing(target(bench.url, 'C05')), sendContext(bench.http));
    expect(await slack.reconcile?.(first, since, sendContext(bench.http))).toEqual({ nativeId: receipt.nativeId });
    const absent = sampleOutgoing(target(bench.url, 'C05'));
    expect(await slack.reconcile?.(absent, since, sendContext(bench.http))).toBeUndefined();
    const pages = (await bench.requests('slack')).filter(({ path }) => path.endsWith('conversations.history'));
    expect(pages).toHaveLength(6);
  });

  it("the look-up finds a post although Slack's clock is some minutes behind", async () => {
    const out = sampleOutgoing(target(bench.url, 'C06'));
    await attempt(slack, out, sendContext(bench.http));
    const since = new Date(Date.now() + 4 * 60_000);
    expect(await slack.reconcile?.(out, since, sendContext(bench.http))).toBeDefined();
  });

  it('the look-up fails if its time is over before the end of the history', async () => {
    const out = sampleOutgoing(target(bench.url, 'C05'));
    await bench.fault('slack', { path: 'conversations.history', mode: 'delay', delayMs: 400, times: 0 });
    const call = slack.reconcile?.(out, new Date(), sendContext(bench.http, { timeoutMs: 500 }));
    expect(await failureOf(Promise.resolve(call))).toMatchObject({ kind: 'transient' });
    await bench.clearFaults('slack');
  });
});

describe('the address of a destination in Slack', () => {
  it('an address in Slack is a channel id', () => {
    expect(checkFields(slack.address, { channel: 'C0OPS' }, '')).toEqual([]);
    expect(checkFields(slack.address, { channel: '#ops' }, '')).toEqual([expect.objectContaining({ code: 'pattern' })]);
  });

  it('an address in Slack cannot be a person yet', () => {
    expect(checkFields(slack.address, { user: 'ann@example.com' }, '/address')).toContainEqual(
      expect.objectContaining({ path: '/address/user', code: 'not_yet_supported' }),
    );
  });
});

import type { Outgoing } from '../../../src/connectors/contract/connector.ts';
import type { FailureKind, Affected } from '../../../src/domain/failure.ts';
import { checkFields } from '../../../src/connectors/contract/fields.ts';
import { codeOfStatus } from '../../../src/connectors/http/answer.ts';
import { webex } from '../../../src/connectors/webex/index.ts';
import { roomsAt } from '../../support/rooms.ts';
import { connectorSuite, type AnswerCase } from '../../suites/connector-suite.ts';
import {
  attempt,
  deletionOf,
  editOf,
  failureOf,
  freshMessageId,
  reactionTo,
  replyTo,
  sampleOutgoing,
  sendContext,
  type Created,
} from '../../support/outgoing.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { copies, held, roomId, settings, shown, target } from '../../support/webex.ts';

const refusals = (
  action: AnswerCase['action'] & string,
  rows: readonly (readonly [number, FailureKind, Affected])[],
): AnswerCase[] =>
  rows.map(([status, kind, affects]) => ({ action, kind, affects, code: codeOfStatus(status), answer: { status } }));

describe('the connector of Webex', () => {
  connectorSuite({
    connector: webex,
    target: (base) => ({ settings: settings(base), address: { roomId: roomId('ops') } }),
    paths: {
      create: '/v1/messages',
      edit: '/v1/messages/',
      delete: '/v1/messages/',
      react: '/v1/reactions',
      unreact: '/v1/reactions',
    },
    copies,
    shown,
    isPostOf: ({ method, headers }, delivery) => method === 'POST' && headers['carillon-delivery'] === delivery,
    answers: [
      ...refusals('create', [
        [400, 'permanent', 'message'],
        [401, 'permanent', 'connection'],
        [403, 'permanent', 'destination'],
        [404, 'permanent', 'destination'],
        [405, 'permanent', 'message'],
        [409, 'permanent', 'message'],
        [410, 'permanent', 'destination'],
        [415, 'permanent', 'message'],
        [423, 'transient', 'destination'],
        [428, 'transient', 'destination'],
        [429, 'transient', 'destination'],
        [500, 'ambiguous', 'destination'],
        [502, 'ambiguous', 'destination'],
        [503, 'ambiguous', 'destination'],
        [504, 'ambiguous', 'destination'],
      ]),
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 200, body: '<html>hello</html>' } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 200, body: {} } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 200, body: '{"id":"Y2l' } },
      ...refusals('edit', [
        [400, 'permanent', 'message'],
        [401, 'permanent', 'connection'],
        [403, 'permanent', 'message'],
        [404, 'permanent', 'message'],
        [410, 'permanent', 'message'],
        [423, 'transient', 'destination'],
        [500, 'ambiguous', 'destination'],
      ]),
      ...refusals('delete', [
        [400, 'permanent', 'message'],
        [403, 'permanent', 'message'],
        [502, 'ambiguous', 'destination'],
      ]),
    ],
  });
});

describe('a message to Webex', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['webex']);
  });
  afterEach(() => bench.clearFaults('webex'));
  afterAll(() => bench.stop());

  const post = async (out: Outgoing): Promise<Created> => ({
    out,
    receipt: await attempt(webex, out, sendContext(bench.http)),
  });
  const create = (room: string, text = 'first', more: Partial<Outgoing> = {}) =>
    post({ ...sampleOutgoing(target(bench.url, room), { id: freshMessageId(), content: { text } }), ...more });
  const idOf = ({ receipt }: Created): string => receipt?.nativeId.split(':')[1] ?? '';
  const author = { name: 'Ann *Archer*', source: 'Slack' };

  it('a message has Markdown, plain text and the bearer token, and its receipt names room and id', async () => {
    const receipt = await attempt(webex, sampleOutgoing(target(bench.url, 'one')), sendContext(bench.http));
    const [message] = await held(bench, roomId('one'));
    expect(message).toMatchObject({ markdown: '**Disk full** on db-3', text: 'Disk full on db-3' });
    expect(receipt).toEqual({ nativeId: `${roomId('one')}:${message?.id}`, status: 200 });
    const request = (await bench.requests('webex')).at(-1);
    expect(request?.path).toBe('/webex/v1/messages');
    expect(request?.headers['authorization']).toBe('Bearer bot-MjZhZmI0ZGYt');
  });

  it('the base URL of Webex may lack its last slash, and has a default', async () => {
    const out = sampleOutgoing(target(bench.url, 'two', { baseUrl: `${bench.url}/webex/v1` }));
    await expect(attempt(webex, out, sendContext(bench.http))).resolves.toBeDefined();
    expect(checkFields(webex.settings, { botToken: 'x' }, '')).toEqual([]);
  });

  it('a bridged message shows its author before the text, also after an edit', async () => {
    const created = await create('three', 'hello', { author });
    expect((await shown(bench, created.out))?.text).toBe('**Ann \\*Archer\\* (Slack):** hello');
    await post({ ...editOf(created, '> quoted'), author });
    expect((await shown(bench, created.out))?.text).toBe('**Ann \\*Archer\\* (Slack):**\n\n> quoted');
  });

  it('a message notifies a mentioned person who is known in Webex, and nobody by its text', async () => {
    const { items } = (await (
      await fetch(`${bench.url}/webex/v1/people?email=ben@example.com`, { headers: { authorization: 'Bearer bot-1' } })
    ).json()) as { items: { id: string }[] };
    const people = new Map([['mention:acme/U0BEN', { id: items[0]?.id ?? '', name: 'Ben Baker' }]]);
    const text =
      '[@B](mention:acme/U0BEN) [@Cleo](mention:acme/U0CLEO) \\<@all> `<@all>` <@personEmail:cleo@example.com>';
    await create('four', text, { people });
    const [message] = await roomsAt(bench.url).read('webex', roomId('four'));
    expect(message?.mentions).toEqual(['ben']);
    expect(message?.markup).toContain('@Cleo');
  });

  it('an empty message and an empty edit are refused', async () => {
    expect(await failureOf(create('five', ' \n'))).toMatchObject({ kind: 'permanent', code: 'no_text' });
    const created = await create('five');
    expect(await failureOf(post(editOf(created, '')))).toMatchObject({ kind: 'permanent', code: 'no_text' });
  });

  it('a message that is too long is cut to the limit in bytes, and Webex accepts it', async () => {
    for (const text of ['é'.repeat(9_000), '**a** '.repeat(3_000), '| é |\n|-|\n'.repeat(2_000)])
      expect((await create('six', text)).receipt?.nativeId).toBeDefined();
  });

  it('a message with a bad token or to an unknown room is refused', async () => {
    const bad = sampleOutgoing(target(bench.url, 'ops', { botToken: 'nobody' }));
    expect(await failureOf(post(bad))).toMatchObject({ code: 'http_401', affects: 'connection' });
    const out = sampleOutgoing(target(bench.url));
    const away = { ...out, destination: { id: 'x', address: { roomId: 'bm93aGVyZQ' } } };
    expect(await failureOf(post(away))).toMatchObject({ code: 'http_404', affects: 'destination' });
  });

  it('a reply to a reply goes into the same thread, which its receipt names', async () => {
    const root = await create('seven');
    const reply = await post(replyTo(root));
    const second = await post(replyTo(reply));
    for (const one of [reply, second]) {
      expect(one.receipt?.nativeId).toBe(`${roomId('seven')}:${idOf(one)}:${idOf(root)}`);
      expect(one.receipt?.degraded).toBeUndefined();
      expect(await shown(bench, one.out)).toMatchObject({ replyTo: root.out.delivery });
    }
  });

  it('a reply to a deleted message is refused, which does not affect the room', async () => {
    const root = await create('eight');
    await post(deletionOf(root));
    expect(await failureOf(post(replyTo(root)))).toMatchObject({
      kind: 'permanent',
      code: 'http_404',
      affects: 'message',
    });
  });

  it('a reply to a message in a room that the destination has left starts no thread in the new one', async () => {
    const root = await create('nine');
    const moved = await post({ ...replyTo(root), destination: target(bench.url, 'ten').destination });
    expect(moved.receipt).toMatchObject({
      nativeId: `${roomId('ten')}:${idOf(moved)}`,
      degraded: { code: 'thread_missing' },
    });
  });

  it('an edit and a delete reach a message in a room that the destination has left', async () => {
    const created = await create('eleven');
    const away = { ...created, out: { ...created.out, destination: target(bench.url, 'twelve').destination } };
    await post(editOf(away, 'second'));
    expect(await shown(bench, created.out)).toEqual({ text: 'second' });
    await post(deletionOf(away));
    expect(await shown(bench, created.out)).toBeUndefined();
  });

  it('a message can be edited ten times, and an eleventh edit is refused', async () => {
    const created = await create('thirteen');
    for (let count = 0; count < 10; count += 1) await post(editOf(created, `edit ${count}`));
    expect(await failureOf(post(editOf(created, 'one more')))).toMatchObject({
      kind: 'permanent',
      code: 'http_400',
      affects: 'message',
    });
    expect(await shown(bench, created.out)).toEqual({ text: 'edit 9' });
  });

  it("a change of another account's message is refused", async () => {
    const { id } = await roomsAt(bench.url).act('webex', { room: roomId('fourteen'), text: 'mine' });
    const out = sampleOutgoing(target(bench.url, 'fourteen'));
    const theirs = { out, receipt: { nativeId: `${roomId('fourteen')}:${id}` } };
    for (const change of [editOf(theirs, 'yours'), deletionOf(theirs)])
      expect(await failureOf(post(change))).toMatchObject({ kind: 'permanent', code: 'http_403', affects: 'message' });
  });

  it('a reaction is refused before any request is made', async () => {
    const created = await create('fifteen');
    const before = (await bench.requests('webex')).length;
    expect(await failureOf(post(reactionTo(created, '👍')))).toMatchObject({
      kind: 'permanent',
      code: 'not_supported',
    });
    expect(await bench.requests('webex')).toHaveLength(before);
  });

  it('the simulator limits messages if told so', async () => {
    await bench.control('webex', 'limits', {});
    const now = () => create('sixteen');
    await now();
    expect(await failureOf(now())).toMatchObject({ kind: 'transient', code: 'throttled', retryAfterMs: 1_000 });
    await bench.control('webex', 'limits', { enabled: false });
    await now();
  });

  it('a message to Webex is of recovery class C, and a change of it is of class A without limit', () => {
    expect(webex.recoveryClass(target(''), 'create')).toEqual({ kind: 'C' });
    for (const action of ['edit', 'delete'] as const)
      expect(webex.recoveryClass(target(''), action)).toEqual({ kind: 'A', memoryMs: Number.POSITIVE_INFINITY });
  });
});

describe('people in Webex', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['webex']);
  });
  afterAll(() => bench.stop());
  const look = async (by: 'byId' | 'byEmail', key: string) =>
    webex.people?.[by]?.(key, target(bench.url).connection, sendContext(bench.http));

  it('people in Webex are found by e-mail address and by id', async () => {
    const ben = await look('byEmail', 'ben@example.com');
    expect(ben).toMatchObject({
      name: 'Ben Baker',
      email: 'ben@example.com',
      avatarUrl: expect.stringMatching(/^https:/),
    });
    expect(await look('byId', ben?.id ?? '')).toEqual(ben);
  });

  it('a person who is unknown in Webex is not a failure', async () => {
    expect(await look('byEmail', 'dora@example.com')).toBeUndefined();
    expect(await look('byId', 'Y2lz/../me')).toBeUndefined();
  });

  it('the look-up of a person in Webex may be repeated if its answer is lost', async () => {
    await bench.fault('webex', { path: '/v1/people', status: 502 });
    expect(await failureOf(look('byEmail', 'ben@example.com'))).toMatchObject({ kind: 'transient', code: 'http_502' });
  });
});

describe('the address of a destination in Webex', () => {
  it('an address in Webex is a room id', () => {
    expect(checkFields(webex.address, { roomId: roomId('ops') }, '')).toEqual([]);
    expect(checkFields(webex.address, { roomId: 'the ops room' }, '')).toEqual([
      expect.objectContaining({ code: 'pattern' }),
    ]);
  });
});

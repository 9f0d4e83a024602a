import type { Outgoing } from '../../../src/connectors/contract/connector.ts';
import { checkFields } from '../../../src/connectors/contract/fields.ts';
import { matrix } from '../../../src/connectors/matrix/index.ts';
import { connectorSuite } from '../../suites/connector-suite.ts';
import { copies, held, reactionsOf, refusal, room, settings, shown, target } from '../../support/matrix.ts';
import {
  attempt,
  editOf,
  failureOf,
  freshMessageId,
  reactionTo,
  sampleOutgoing,
  sendContext,
  type Created,
} from '../../support/outgoing.ts';
import { roomsAt } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';

describe('the connector of Matrix', () => {
  connectorSuite({
    connector: matrix,
    target: (base) => ({ settings: settings(base), address: { room } }),
    paths: {
      create: '/send/m.room.message/',
      edit: '/send/m.room.message/',
      delete: '/redact/',
      react: '/send/m.reaction/',
      unreact: '/redact/',
    },
    copies,
    shown,
    reactions: reactionsOf,
    isPostOf: ({ path }, delivery) => path.includes(`/send/m.room.message/${delivery}?`),
    answers: [
      { kind: 'permanent', code: 'matrix_bad_json', answer: refusal(400, 'M_BAD_JSON') },
      { kind: 'permanent', code: 'matrix_too_large', answer: refusal(413, 'M_TOO_LARGE') },
      { kind: 'permanent', code: 'matrix_brand_new', answer: refusal(400, 'M_BRAND_NEW') },
      { kind: 'permanent', code: 'matrix_forbidden', affects: 'destination', answer: refusal(403, 'M_FORBIDDEN') },
      {
        kind: 'permanent',
        code: 'matrix_unknown_token',
        affects: 'connection',
        answer: refusal(401, 'M_UNKNOWN_TOKEN'),
      },
      { kind: 'permanent', code: 'matrix_user_locked', affects: 'connection', answer: refusal(403, 'M_USER_LOCKED') },
      { kind: 'transient', code: 'throttled', answer: { status: 429 } },
      {
        kind: 'transient',
        code: 'matrix_resource_limit_exceeded',
        affects: 'connection',
        answer: refusal(403, 'M_RESOURCE_LIMIT_EXCEEDED'),
      },
      { kind: 'ambiguous', code: 'http_500', answer: refusal(500, 'M_UNKNOWN') },
      { kind: 'ambiguous', code: 'http_502', answer: { status: 502, body: '<html>bad gateway</html>' } },
      { kind: 'permanent', code: 'http_404', answer: { status: 404, body: 'no such page' } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 200, body: '<html>hello</html>' } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 200, body: {} } },
      { action: 'edit', kind: 'permanent', code: 'matrix_forbidden', answer: refusal(403, 'M_FORBIDDEN') },
      { action: 'delete', kind: 'permanent', code: 'matrix_forbidden', answer: refusal(403, 'M_FORBIDDEN') },
      { action: 'delete', kind: 'ambiguous', code: 'http_503', answer: { status: 503 } },
    ],
  });
});

let bench: SimulatorBench;
beforeAll(async () => {
  bench = await startSimulatorBench(['matrix']);
});
afterEach(() => bench.clearFaults('matrix'));
afterAll(() => bench.stop());

/** All attempts share one token cache, as in one process. */
const shared = () => sendContext(bench.http);
const post = async (out: Outgoing): Promise<Created> => ({ out, receipt: await attempt(matrix, out, shared()) });
describe('a post in Matrix', () => {
  it('a post carries the mark of its delivery, and mentions nobody unless its text does', async () => {
    const out = sampleOutgoing(target(bench.url, '!marked:sim.example'));
    await attempt(matrix, out, shared());
    const [event] = await held(bench, '!marked:sim.example');
    expect(event?.content).toEqual({
      msgtype: 'm.text',
      body: 'Disk full on db-3',
      format: 'org.matrix.custom.html',
      formatted_body: '<p><strong>Disk full</strong> on db-3</p>',
      'm.mentions': {},
      'com.carillon.delivery': out.delivery,
    });
    expect((await bench.requests('matrix')).at(-1)?.headers['authorization']).toBe('Bearer as_carillon_secret');
  });

  it('a post notifies a mentioned person who is known in Matrix and names any other person', async () => {
    const id = '!mentions:sim.example';
    const text = 'see [@x](mention:acme-slack/U0BEN) and [@y](mention:acme-slack/U0CLEO)';
    const people = new Map([
      ['mention:acme-slack/U0BEN', { id: '@ben:sim.example', name: 'Ben Baker' }],
      ['mention:acme-slack/U0CLEO', { name: 'Cleo Cruz' }],
    ]);
    await post({ ...sampleOutgoing(target(bench.url, id), { content: { text } }), people });
    const [message] = await roomsAt(bench.url).read('matrix', id);
    expect(message?.mentions).toEqual(['ben']);
    expect(message?.markup).toContain('@Cleo Cruz');
    expect(message?.markup).toContain('>Ben Baker</a>');
  });

  it('an edit does not notify people again', async () => {
    const id = '!edits:sim.example';
    const created = await post(sampleOutgoing(target(bench.url, id), { id: freshMessageId() }));
    const people = new Map([['mention:a/b', { id: '@ben:sim.example' }]]);
    await post({ ...editOf(created, 'see [@Ben](mention:a/b)'), people });
    const [, edit] = await held(bench, id);
    expect(edit?.content).toMatchObject({
      'm.mentions': {},
      'm.new_content': { 'm.mentions': { user_ids: ['@ben:sim.example'] } },
    });
  });

  it('a post and an edit that are too long are cut to fit into one event and show an ellipsis', async () => {
    const id = '!long:sim.example';
    const created = await post(
      sampleOutgoing(target(bench.url, id), { id: freshMessageId(), content: { text: '**é👩‍👩‍👧 "x"** '.repeat(9_000) } }),
    );
    await post(editOf(created, '`"` '.repeat(40_000)));
    const events = await held(bench, id);
    expect(events).toHaveLength(2);
    for (const { content } of events) {
      const size = Buffer.byteLength(JSON.stringify(content));
      expect(size).toBeLessThan(64_000);
      expect(size).toBeGreaterThan(40_000);
      expect(JSON.stringify(content)).toContain('…');
    }
  });

  it('an empty post is refused before any request is made', async () => {
    const out = sampleOutgoing(target(bench.url), { content: { text: ' \n' } });
    const before = (await bench.requests('matrix')).length;
    expect(await failureOf(post(out))).toMatchObject({ kind: 'permanent', code: 'no_text' });
    expect(await bench.requests('matrix')).toHaveLength(before);
  });
});

describe('a reaction in Matrix', () => {
  it("removing a reaction finds it on a later page, in any spelling, and leaves other people's alone", async () => {
    const id = '!reactions:sim.example';
    const created = await post(sampleOutgoing(target(bench.url, id), { id: freshMessageId() }));
    const at = { connector: 'matrix', id: created.receipt?.nativeId.split(' ')[1] ?? '' };
    await post(reactionTo(created, '❤️'));
    const rooms = roomsAt(bench.url);
    for (let count = 0; count < 110; count += 1)
      await rooms.act('matrix', { do: 'react', room: id, id: at.id, user: 'ben', emoji: `${count}` });
    await rooms.act('matrix', { do: 'react', room: id, id: at.id, user: 'ann', emoji: '❤️' });
    await post(reactionTo(created, '❤️', 'unreact'));
    const [message] = await rooms.read('matrix', id);
    expect(message?.reactions['❤️']).toEqual(['Ann Archer']);
    expect((await bench.requests('matrix')).filter(({ path }) => path.includes('from=100'))).toHaveLength(1);
  });
});

describe('recovery class, people and limits of Matrix', () => {
  it("a post to Matrix is of recovery class A for the homeserver's memory, and a change of it without limit", () => {
    expect(matrix.recoveryClass(target(''), 'create')).toEqual({ kind: 'A', memoryMs: 30 * 60_000 });
    expect(matrix.recoveryClass(target('', room, { txnMemory: '2h' }), 'create')).toMatchObject({
      memoryMs: 7_200_000,
    });
    for (const action of ['edit', 'delete', 'react', 'unreact'] as const)
      expect(matrix.recoveryClass(target(''), action)).toEqual({ kind: 'A', memoryMs: Number.POSITIVE_INFINITY });
  });

  it('people in Matrix are found by id with the name of their profile, and not by e-mail address', async () => {
    const { connection } = target(bench.url);
    expect(await matrix.people?.byId?.('@ann:sim.example', connection, shared())).toEqual({
      id: '@ann:sim.example',
      name: 'Ann Archer',
    });
    expect(await matrix.people?.byId?.('@nobody:sim.example', connection, shared())).toBeUndefined();
    expect(matrix.people?.byEmail).toBeUndefined();
  });

  it('a rate limit that an older homeserver states in the body is honoured', async () => {
    await bench.fault('matrix', { path: '/send/', status: 429 });
    const out = sampleOutgoing(target(bench.url));
    expect(await failureOf(post(out))).toMatchObject({ code: 'throttled', retryAfterMs: 2_000 });
  });
});

describe('the address of a destination in Matrix', () => {
  it.each(['!abc:example.com', '!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM'])(
    'an address in Matrix may be the room id %s',
    (id) => {
      expect(checkFields(matrix.address, { room: id }, '')).toEqual([]);
    },
  );

  it.each(['#ops:example.com', '@ann:example.com', '!a b:example.com', '!'])(
    'an address in Matrix may not be %s',
    (id) => {
      expect(checkFields(matrix.address, { room: id }, '')).toEqual([expect.objectContaining({ code: 'pattern' })]);
    },
  );
});

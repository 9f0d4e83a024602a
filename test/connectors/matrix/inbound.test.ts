import type { HookEvent, HookRequest, Received } from '../../../src/connectors/contract/inbound.ts';
import { matrix } from '../../../src/connectors/matrix/index.ts';
import type { InboundEvent } from '../../../src/domain/inbound.ts';
import { settings } from '../../support/matrix.ts';
import { inboundSuite } from '../../suites/inbound-suite.ts';

const token = 'hs-the-token';
const request = (body: string, more: Partial<HookRequest> = {}): HookRequest => ({
  method: 'PUT',
  path: '/_matrix/app/v1/transactions/17',
  query: new URLSearchParams(),
  headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  body: Buffer.from(body),
  ...more,
});

const room = '!ops:sim.example';
const said = {
  type: 'm.room.message',
  room_id: room,
  event_id: '$said',
  sender: '@ann:sim.example',
  origin_server_ts: 1_700_000_000_123,
  content: { msgtype: 'm.text', body: 'hello' },
};
const holding = (content: object, more: object = {}) => ({ ...said, ...more, content });
const html = (formatted: string, more: object = {}) =>
  holding({ msgtype: 'm.text', body: 'plain', format: 'org.matrix.custom.html', formatted_body: formatted, ...more });
const transaction = (...events: unknown[]): string => JSON.stringify({ events });

const receive = async (one: HookRequest): Promise<Received> => {
  const context = { now: new Date(), keys: { find: async () => undefined } };
  const received = await matrix.inbound?.receive(one, { id: 'acme', settings: settings('http://hs') }, context);
  if (received === undefined) throw new Error('matrix takes nothing in');
  return received;
};
const read = async (...events: unknown[]): Promise<readonly HookEvent[]> => {
  const received = await receive(request(transaction(...events)));
  return received.kind === 'events' ? received.events : [];
};
const readOne = async (event: unknown): Promise<InboundEvent> => {
  const [one] = await read(event);
  if (one === undefined || !('event' in one)) throw new Error(`no event but ${JSON.stringify(one)}`);
  return one.event;
};

describe('requests of a homeserver', () => {
  inboundSuite({
    connector: matrix,
    settings: settings('http://hs'),
    request: (body) => request(body),
    message: {
      body: transaction(html('a <strong>bold</strong> <a href="https://matrix.to/#/@ben:sim.example">Ben</a>')),
      text: 'a **bold** [@Ben](mention:under-test/%40ben%3Asim.example)',
    },
    unknown: transaction({ ...said, type: 'm.room.topic', state_key: '', content: { topic: 'x' } }),
    forged: (one) => ({ ...one, headers: { ...one.headers, authorization: 'Bearer hs-the-tokem' } }),
    unsigned: (one) => ({ ...one, headers: { 'content-type': 'application/json' } }),
    refusal: 403,
    isDated: false,
  });

  it("a request with a wrong token is refused with an error in Matrix's format", async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${token}` }])
      expect((await receive(request('{}', { headers }))).answer).toMatchObject({
        status: 403,
        body: { errcode: 'M_FORBIDDEN' },
      });
  });

  it('a request of an older homeserver may have its token in the query and a path without prefix', async () => {
    const headers = { 'content-type': 'application/json' };
    const query = new URLSearchParams({ access_token: token });
    const old = request(transaction(said), { headers, query, path: '/transactions/17' });
    expect(await receive(old)).toMatchObject({ kind: 'events', events: [{ event: { text: 'hello' } }] });
    query.set('access_token', 'wrong');
    expect(await receive({ ...old, query })).toMatchObject({ kind: 'refused', code: 'bad_signature' });
  });

  it('an event that cannot be read does not stop the other events of its transaction', async () => {
    const spoilt = [
      null,
      7,
      [],
      {},
      { ...said, event_id: 7 },
      { ...said, room_id: 'x'.repeat(300) },
      { type: said.type },
    ];
    const found = await read(said, ...spoilt, holding({ msgtype: 'm.text', body: 'second' }, { event_id: '$second' }));
    expect(found).toHaveLength(spoilt.length + 2);
    expect(found.flatMap((one) => ('event' in one ? [one.event.text] : []))).toEqual(['hello', 'second']);
  });

  it('a transaction whose events are not a list is kept for an operator and answered with 200', async () => {
    expect(await receive(request('{"events":7}'))).toMatchObject({ kind: 'unreadable', answer: { status: 200 } });
  });

  it.each([
    ['GET', '/_matrix/app/v1/users/%40carillon_x%3Asim.example', 404, 'M_NOT_FOUND'],
    ['GET', '/_matrix/app/v1/rooms/%23x%3Asim.example', 404, 'M_NOT_FOUND'],
    ['GET', '/_matrix/app/v1/thirdparty/location', 404, 'M_UNRECOGNIZED'],
    ['GET', '/_matrix/app/v1/transactions/1', 404, 'M_UNRECOGNIZED'],
    ['POST', '', 404, 'M_UNRECOGNIZED'],
  ])("the homeserver gets Matrix's own error for the call %s %s", async (method, path, status, errcode) => {
    expect(await receive(request('', { method, path }))).toMatchObject({
      kind: 'answered',
      answer: { status, body: { errcode } },
    });
  });

  it("the homeserver's ping is answered", async () => {
    const ping = request('{"transaction_id":"x"}', { method: 'POST', path: '/_matrix/app/v1/ping' });
    expect(await receive(ping)).toMatchObject({ kind: 'answered', answer: { status: 200 } });
  });
});

describe('an event of Matrix', () => {
  it('a message is read with its room, time, sender and text', async () => {
    expect(await readOne(said)).toEqual({
      key: 'created:$said',
      kind: 'created',
      room,
      nativeId: `${room} $said @ann:sim.example`,
      at: '2023-11-14T22:13:20.123Z',
      sender: { id: '@ann:sim.example' },
      text: 'hello',
    });
  });

  it('a message in a thread names the root of the thread', async () => {
    const relation = {
      rel_type: 'm.thread',
      event_id: '$root',
      is_falling_back: true,
      'm.in_reply_to': { event_id: '$x' },
    };
    expect(await readOne(holding({ msgtype: 'm.text', body: 'hi', 'm.relates_to': relation }))).toMatchObject({
      thread: `${room} $root`,
      nativeId: `${room} $said @ann:sim.example $root`,
    });
  });

  it('a reply names its parent, and the quote that older clients add is removed', async () => {
    const reply = { 'm.relates_to': { 'm.in_reply_to': { event_id: '$x' } } };
    const quoted = { msgtype: 'm.text', body: '> <@ben:sim.example> what\n> now?\n\nnothing', ...reply };
    expect(await readOne(holding(quoted))).toMatchObject({
      thread: `${room} $x`,
      nativeId: `${room} $said @ann:sim.example`,
      text: 'nothing',
    });
    const formatted = html('<mx-reply><blockquote>what now?</blockquote></mx-reply>nothing', reply);
    expect(await readOne(formatted)).toMatchObject({ text: 'nothing' });
  });

  it('an edit has a revision that rises with its time, and is incomplete until it is checked', async () => {
    const edit = (time: number) => ({
      ...said,
      event_id: '$edit',
      origin_server_ts: time,
      content: {
        msgtype: 'm.text',
        body: '* new',
        'm.new_content': { msgtype: 'm.text', body: 'new' },
        'm.relates_to': { rel_type: 'm.replace', event_id: '$said' },
      },
    });
    const [one, two] = [await readOne(edit(999)), await readOne(edit(1_000))];
    expect(one).toMatchObject({ key: 'edited:$edit', kind: 'edited', text: 'new', isIncomplete: true });
    expect(matrix.inbound?.linkKey(one.nativeId)).toBe(`${room} $said`);
    expect((one.revision ?? '') < (two.revision ?? '')).toBe(true);
  });

  it.each([
    ['beside the content, as before version 11', { redacts: '$said', content: {} }],
    ['in the content, since version 11', { content: { redacts: '$said' } }],
  ])('a redaction that names its target %s is read as a deletion', async (_, more) => {
    const redaction = { ...said, type: 'm.room.redaction', event_id: '$gone', ...more };
    expect(await readOne(redaction)).toMatchObject({
      key: 'deleted:$gone',
      kind: 'deleted',
      nativeId: `${room} $said`,
    });
  });

  it.each([
    ['👍', '👍'],
    ['👍️', '👍'],
    ['❤️', '❤️'],
    ['👋🏽', '👋🏽'],
    ['LGTM', ':LGTM:'],
  ])('the reaction %s is read as the emoji %s', async (key, emoji) => {
    const relation = { rel_type: 'm.annotation', event_id: '$said', key };
    const reaction = { ...said, type: 'm.reaction', event_id: '$r', content: { 'm.relates_to': relation } };
    expect(await readOne(reaction)).toMatchObject({
      key: 'reacted:$r',
      kind: 'reacted',
      nativeId: `${room} $said`,
      sender: { id: '@ann:sim.example' },
      emoji,
      reaction: `${room} $r`,
    });
  });

  it('a message with a file is read with its caption and the file', async () => {
    const file = {
      msgtype: 'm.image',
      body: 'look at *this*',
      filename: 'a.png',
      url: 'mxc://sim.example/abc',
      info: { mimetype: 'image/png', size: 7 },
    };
    const files = [
      {
        id: 'mxc://sim.example/abc',
        name: 'a.png',
        mediaType: 'image/png',
        size: 7,
        url: 'http://hs/matrix/_matrix/client/v1/media/download/sim.example/abc',
      },
    ];
    expect(await readOne(holding(file))).toMatchObject({ text: 'look at \\*this\\*', files });
    expect(await readOne(holding({ ...file, body: 'a.png', filename: undefined }))).toMatchObject({ text: '', files });
    const strange = await readOne(holding({ ...file, url: 'https://evil.example/a.png' }));
    expect(strange).not.toHaveProperty('files');
  });

  it.each([
    ['our bot', { sender: '@carillon:sim.example' }, 'own_post'],
    ['our ghost', { sender: '@carillon_slack_ab12:sim.example' }, 'own_post'],
    ["another Carillon's copy", { content: { ...said.content, 'com.carillon.delivery': 'dlv_1' } }, 'own_post'],
    ['a bot', { content: { msgtype: 'm.notice', body: 'beep' } }, 'bot_post'],
    ['what is encrypted', { type: 'm.room.encrypted' }, 'encrypted'],
    ['a verification', { content: { msgtype: 'm.key.verification.request', body: 'x' } }, 'unsupported_event'],
    ['a state event', { state_key: '' }, 'unsupported_event'],
    ['a member', { type: 'm.room.member', state_key: '@x:y' }, 'unsupported_event'],
    [
      'a reaction that is a picture',
      {
        type: 'm.reaction',
        content: { 'm.relates_to': { rel_type: 'm.annotation', event_id: '$x', key: 'mxc://a/b' } },
      },
      'unsupported_emoji',
    ],
    ['an edit of nothing', { content: { 'm.relates_to': { rel_type: 'm.replace' } } }, 'unreadable_event'],
  ])('an event of Matrix that is of %s is ignored', async (_, more, code) => {
    expect(await read({ ...said, ...more })).toEqual([{ ignored: code }]);
  });

  it("a user of another server whose name looks like a ghost's is treated as a person", async () => {
    expect(await readOne({ ...said, sender: '@carillon_slack_ab12:evil.example' })).toMatchObject({ text: 'hello' });
  });
});

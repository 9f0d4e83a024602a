import { createHmac, createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSimulators } from '../../../src/simulators/index.ts';
import { eventually } from '../../support/eventually.ts';
import { appId, channel, chat } from '../../support/msteams.ts';
import { roomsAt } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';

let bench: SimulatorBench;
beforeEach(async () => {
  bench = await startSimulatorBench(['msteams']);
});
afterEach(() => bench.stop());

type Json = Record<string, unknown>;

async function token(more: Record<string, string> = {}): Promise<{ status: number; json: Json }> {
  const scope = 'https://api.botframework.com/.default';
  const usual = { grant_type: 'client_credentials', client_id: appId, client_secret: 's', scope };
  const body = new URLSearchParams({ ...usual, ...more });
  const answer = await fetch(`${bench.url}/msteams/login/t1/oauth2/v2.0/token`, { method: 'POST', body });
  return { status: answer.status, json: (await answer.json()) as Json };
}

async function call(method: string, path: string, body?: object, authorization?: string) {
  const bearer = authorization ?? `Bearer ${String((await token()).json['access_token'])}`;
  const answer = await fetch(`${bench.url}/msteams/service/v3/conversations${path}`, {
    method,
    headers: { authorization: bearer, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json = (text === '' ? {} : JSON.parse(text)) as Json;
  const error = json['error'] as Json | undefined;
  return { status: answer.status, json, code: error?.['code'], retryAfter: answer.headers.get('retry-after') };
}

const activity = (text: string, more: object = {}): object => ({ type: 'message', text, textFormat: 'xml', ...more });
const open = async (text = 'root'): Promise<string> => {
  const { json } = await call('POST', '', { channelData: { channel: { id: channel } }, activity: activity(text) });
  return String(json['activityId']);
};
const activities = (conversation: string, id = ''): string =>
  `/${encodeURIComponent(conversation)}/activities${id === '' ? '' : `/${id}`}`;
const read = (conversation = channel) => roomsAt(bench.url).read('msteams', conversation);

describe('the Microsoft Teams simulator', () => {
  it('the Teams simulator issues tokens for good credentials, and refuses calls without a valid token', async () => {
    expect(await token()).toMatchObject({ status: 200, json: { token_type: 'Bearer', expires_in: 3_600 } });
    expect(await token({ client_secret: 'wrong' })).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
    expect(await token({ scope: 'other' })).toMatchObject({ status: 400, json: { error: 'invalid_scope' } });
    const old = `Bearer ${String((await token()).json['access_token'])}`;
    expect(await call('POST', activities(chat), activity('x'), 'Bearer x')).toMatchObject({ status: 401 });
    expect(await call('POST', activities(chat), activity('x'), old)).toMatchObject({ status: 201 });
    await bench.control('msteams', 'revoke', {});
    expect(await call('POST', activities(chat), activity('x'), old)).toMatchObject({ status: 401 });
  });

  it('the Teams simulator starts a thread for a new conversation in a channel, but not in a chat', async () => {
    const root = await open();
    expect(root).toMatch(/^\d{13}$/);
    const thread = `${channel};messageid=${root}`;
    expect(await call('POST', activities(thread), activity('reply'))).toMatchObject({ status: 201 });
    expect((await read()).map(({ markup, thread: of }) => [markup, of])).toEqual([
      ['root', null],
      ['reply', root],
    ]);
    const nowhere = await call('POST', activities(`${channel};messageid=1`), activity('reply'));
    expect(nowhere).toMatchObject({ status: 404, code: 'ConversationNotFound' });
    expect(await call('POST', activities('19:nope'), activity('x'))).toMatchObject({ status: 404 });
    await call('POST', activities(chat), activity('alone'));
    expect(await read(chat)).toMatchObject([{ markup: 'alone', thread: null }]);
  });

  it('the Teams simulator lets the bot change and delete only its own posts', async () => {
    const id = await open('before');
    expect(await call('PUT', activities(channel, id), activity('after'))).toMatchObject({ status: 200, json: { id } });
    expect(await read()).toMatchObject([{ markup: 'after', edited: true, deleted: false }]);
    const said = await roomsAt(bench.url).act('msteams', { room: channel, text: 'mine' });
    expect(await call('PUT', activities(channel, said.id), activity('x'))).toMatchObject({ status: 403 });
    expect(await call('DELETE', activities(channel, said.id))).toMatchObject({ status: 403 });
    expect(await call('DELETE', activities(channel, id))).toMatchObject({ status: 200 });
    for (const method of ['PUT', 'DELETE'])
      expect(await call(method, activities(channel, id), activity('x'))).toMatchObject({
        status: 404,
        code: 'ActivityNotFoundInConversation',
      });
  });

  it.each([
    ['text that is missing', { text: '' }, 400, 'BadSyntax'],
    ['XML that is not closed', { text: '<p>x' }, 400, 'BadSyntax'],
    ['an element that Teams does not know', { text: '<script>x</script>' }, 400, 'BadSyntax'],
    ['a bare ampersand', { text: 'a & b' }, 400, 'BadSyntax'],
    ['another type', { type: 'typing' }, 400, 'BadArgument'],
    [
      'a mention that is not in the text',
      { entities: [{ type: 'mention', text: '<at>Ben</at>', mentioned: { id: '29:1ben-sim' } }] },
      400,
      'BadArgument',
    ],
    ['more than 100 KB of UTF-16', { text: 'x'.repeat(51_200) }, 413, 'MessageSizeTooBig'],
  ])('the Teams simulator refuses a post with %s', async (_, more, status, code) => {
    expect(await call('POST', activities(chat), activity('x', more))).toMatchObject({ status, code });
    expect(await read(chat)).toEqual([]);
  });

  it('the Teams simulator mentions the people whom entities name, and not those whom only the text names', async () => {
    const entities = [{ type: 'mention', text: '<at>Ben</at>', mentioned: { id: '29:1ben-sim', name: 'Ben' } }];
    await call('POST', activities(chat), activity('<at>Ben</at> and <at>Ann Archer</at>', { entities }));
    expect(await read(chat)).toMatchObject([{ mentions: ['ben'] }]);
  });

  it('the Teams simulator lists the members of a conversation in pages, and returns one member by id', async () => {
    const first = await call('GET', `/${encodeURIComponent(channel)}/pagedmembers?pageSize=500`);
    expect(first.json).toMatchObject({ members: [{ email: 'ann@example.com' }, {}], continuationToken: '2' });
    const second = await call('GET', `/${encodeURIComponent(channel)}/pagedmembers?continuationToken=2`);
    expect(second.json).toEqual({
      members: ['cleo@example.com', 'dora@msteams.example'].map((email) => expect.objectContaining({ email })),
    });
    expect((await call('GET', `/${encodeURIComponent(channel)}/members/29:1ben-sim`)).json).toMatchObject({
      name: 'Ben Baker',
    });
    expect(await call('GET', `/${encodeURIComponent(channel)}/members/29:eve`)).toMatchObject({ status: 404 });
  });

  it('the Teams simulator limits the sends to one conversation when the limits are on', async () => {
    await bench.control('msteams', 'limits', {});
    const authorization = `Bearer ${String((await token()).json['access_token'])}`;
    const send = () => call('POST', activities(chat), activity('x'), authorization);
    const seventh = [];
    for (let count = 0; count < 7; count += 1) seventh.push((await send()).status);
    expect(seventh).toEqual(Array.from({ length: 7 }, () => 201));
    expect(await send()).toMatchObject({ status: 429, code: 'Throttled', retryAfter: '1' });
    expect(await call('POST', activities('19:other@thread.v2'), activity('x'))).toMatchObject({ status: 201 });
    const refused = await bench.control('msteams', 'limits', { enabled: 'yes' });
    expect(refused.status).toBe(422);
  });

  it('the Teams simulator keeps posts over a restart', async () => {
    await open('kept');
    const again = await startSimulators({ port: 0, dir: bench.dir, connectors: ['msteams'] });
    expect(await roomsAt(again.url).read('msteams', channel)).toMatchObject([{ markup: 'kept' }]);
    await again.stop();
  });
});

describe('activities of the Microsoft Teams simulator', () => {
  const secret = Buffer.from('a token of 32 bytes, more or less').toString('base64');
  const taken: { authorization: string; body: string }[] = [];
  const receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      taken.push({ authorization: request.headers.authorization ?? '', body });
      response.writeHead(200).end('{}');
    });
  });
  beforeAll(() => new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => receiver.close(resolve)));
  beforeEach(async () => {
    taken.length = 0;
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    await bench.control('msteams', 'subscribe', {
      subscriptions: [
        { url, appId },
        { url, appId, secret },
      ],
    });
  });

  it('a Teams activity is signed with the published key, or for an outgoing webhook with its secret', async () => {
    await roomsAt(bench.url).act('msteams', { room: channel, text: 'hello' });
    await eventually('both have it', async () => taken.length === 2);
    const bearer = taken.find(({ authorization }) => authorization.startsWith('Bearer '));
    const [head = '', claims = '', signature = ''] = (bearer?.authorization ?? '').slice(7).split('.');
    const config = (await (await fetch(`${bench.url}/msteams/openid/openidconfiguration`)).json()) as Json;
    const { keys } = (await (await fetch(String(config['jwks_uri']))).json()) as { keys: (JsonWebKey & Json)[] };
    const key = createPublicKey({ key: keys[0] ?? {}, format: 'jwk' });
    expect(verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
    const claimed = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as Json;
    const sent = JSON.parse(bearer?.body ?? '') as Json;
    expect(claimed).toMatchObject({ iss: 'https://api.botframework.com', aud: appId, serviceurl: sent['serviceUrl'] });
    const webhook = taken.find(({ authorization }) => authorization.startsWith('HMAC '));
    const mac = createHmac('sha256', Buffer.from(secret, 'base64'))
      .update(webhook?.body ?? '')
      .digest('base64');
    expect(webhook?.authorization).toBe(`HMAC ${mac}`);
  });

  it('the Teams simulator tells the bot what people do, and not what the bot itself did', async () => {
    const rooms = roomsAt(bench.url);
    const root = await open('by the bot');
    const { id } = await rooms.act('msteams', { room: channel, text: 'reply', thread: root });
    await rooms.act('msteams', { do: 'edit', room: channel, id, text: 'edited' });
    await rooms.act('msteams', { do: 'react', room: channel, id: root, user: 'ben', emoji: '👍' });
    await rooms.act('msteams', { do: 'delete', room: channel, id });
    await eventually('all is told', async () => taken.length === 5);
    const told = taken
      .filter(({ authorization }) => authorization.startsWith('Bearer '))
      .map(({ body }) => JSON.parse(body) as { type: string; conversation: { id: string } });
    expect(told.map(({ type }) => type).sort()).toEqual([
      'message',
      'messageDelete',
      'messageReaction',
      'messageUpdate',
    ]);
    for (const { conversation } of told) expect(conversation.id).toBe(`${channel};messageid=${root}`);
  });

  it("a person in the Teams simulator cannot edit another person's message or delete a missing one", async () => {
    const rooms = roomsAt(bench.url);
    const { id } = await rooms.act('msteams', { room: channel, text: 'mine' });
    const theirs = rooms.act('msteams', { do: 'edit', room: channel, id, user: 'ben', text: 'x' });
    await expect(theirs).rejects.toThrow(/403/);
    await expect(rooms.act('msteams', { do: 'delete', room: channel, id: '1' })).rejects.toThrow(/404/);
  });
});

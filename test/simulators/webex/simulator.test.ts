import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSimulators } from '../../../src/simulators/index.ts';
import { eventually } from '../../support/eventually.ts';
import { roomsAt } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { held, roomId } from '../../support/webex.ts';

let bench: SimulatorBench;
beforeEach(async () => {
  bench = await startSimulatorBench(['webex']);
});
afterEach(() => bench.stop());

const room = roomId('ops');
async function call(
  method: string,
  path: string,
  body?: object,
  token = 'bot-1',
): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await fetch(`${bench.url}/webex/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}
const post = async (more: object = {}, token?: string): Promise<string> =>
  String((await call('POST', 'messages', { roomId: room, markdown: 'a', ...more }, token)).json['id']);

describe('the Webex simulator', () => {
  it('the Webex simulator answers errors in the form of Webex', async () => {
    const anonymous = await fetch(`${bench.url}/webex/v1/people/me`);
    expect(anonymous.status).toBe(401);
    expect(anonymous.headers.get('trackingid')).toMatch(/./);
    expect(await anonymous.json()).toMatchObject({
      message: expect.any(String),
      errors: [{ description: expect.any(String) }],
    });
    expect((await call('GET', 'messages/none')).status).toBe(404);
    expect((await call('GET', 'elsewhere')).status).toBe(404);
    expect((await call('PATCH', 'messages')).status).toBe(405);
  });

  it('the Webex simulator takes texts of 1 to 7 439 bytes', async () => {
    const status = async (body: object) => (await call('POST', 'messages', { roomId: room, ...body })).status;
    expect(await status({ markdown: 'x'.repeat(7_439), text: 'é'.repeat(3_719) })).toBe(200);
    expect(await status({ markdown: 'x'.repeat(7_440) })).toBe(400);
    expect(await status({ markdown: 'x', text: 'é'.repeat(3_720) })).toBe(400);
    expect(await status({})).toBe(400);
    expect(await status({ markdown: '' })).toBe(400);
    expect(await status({ roomId: 'nowhere', text: 'x' })).toBe(404);
  });

  it('the Webex simulator returns ids that are base64 of a ciscospark address', async () => {
    const id = await post();
    expect(Buffer.from(id, 'base64').toString()).toMatch(/^ciscospark:\/\/us\/MESSAGE\/[0-9a-f-]{36}$/);
    const { json } = await call('GET', `messages/${id}`);
    expect(json).toMatchObject({ id, roomId: room, markdown: 'a', personEmail: 'carillon@webex.bot' });
    expect(Buffer.from(String(json['personId']), 'base64').toString()).toMatch(/^ciscospark:\/\/us\/PEOPLE\//);
  });

  it('the Webex simulator refuses a reply to a reply or to a deleted message', async () => {
    const root = await post();
    const reply = await post({ parentId: root });
    expect((await call('POST', 'messages', { roomId: room, text: 'x', parentId: reply })).status).toBe(400);
    await call('DELETE', `messages/${root}`);
    expect((await call('POST', 'messages', { roomId: room, text: 'x', parentId: root })).status).toBe(404);
  });

  it('the Webex simulator lets the author edit a message ten times, in its own room', async () => {
    const id = await post();
    const edit = async (body: object, token?: string) => (await call('PUT', `messages/${id}`, body, token)).status;
    expect(await edit({ roomId: roomId('other'), text: 'x' })).toBe(400);
    expect(await edit({ roomId: room, text: 'x' }, 'ann-1')).toBe(403);
    for (let count = 0; count < 10; count += 1) expect(await edit({ roomId: room, markdown: `${count}` })).toBe(200);
    expect(await edit({ roomId: room, markdown: 'x' })).toBe(400);
    expect(await held(bench)).toMatchObject([{ markdown: '9', edits: 10 }]);
  });

  it('the Webex simulator refuses to edit a message with a file', async () => {
    const file = { name: 'a', mediaType: 'text/plain', base64: '' };
    const { id } = await roomsAt(bench.url).act('webex', { room, text: 'x', file });
    expect((await call('PUT', `messages/${id}`, { roomId: room, text: 'y' }, 'ann-1')).status).toBe(400);
  });

  it('the Webex simulator lets only the author delete a message, which is then not found', async () => {
    const id = await post();
    expect((await call('DELETE', `messages/${id}`, undefined, 'ann-1')).status).toBe(403);
    expect((await call('DELETE', `messages/${id}`)).status).toBe(204);
    for (const method of ['DELETE', 'GET']) expect((await call(method, `messages/${id}`)).status).toBe(404);
    expect(await held(bench)).toMatchObject([{ id, deleted: true }]);
  });

  it('the Webex simulator notifies everybody whom the text mentions, even when the mention is escaped', async () => {
    await post({ markdown: '<@personEmail:ben@example.com|Ben> `<@all>` \\<@personId:X>' });
    await post({ markdown: '&lt;@all> @all', text: '<@all>' });
    const messages = await roomsAt(bench.url).read('webex', room);
    expect(messages.map(({ mentions }) => mentions)).toEqual([['ben', 'all', 'X'], []]);
  });

  it('the Webex simulator keeps everything when it is killed', async () => {
    const [root, gone] = [await post(), await post()];
    await post({ parentId: root });
    await call('PUT', `messages/${root}`, { roomId: room, markdown: 'new' });
    await call('DELETE', `messages/${gone}`);
    const again = await startSimulators({ port: 0, dir: bench.dir, connectors: ['webex'] });
    const { rooms } = (await (await fetch(`${again.url}/_sim/webex/accepted`)).json()) as { rooms: object };
    await again.stop();
    expect(rooms).toEqual({ [room]: await held(bench) });
    expect(await held(bench)).toMatchObject([{ markdown: 'new' }, { deleted: true }, { parentId: root }]);
  });
});

describe('webhooks of the Webex simulator', () => {
  let server: Server;
  let status = 200;
  const got: { headers: Record<string, unknown>; body: string }[] = [];
  beforeEach(async () => {
    got.length = 0;
    status = 200;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        got.push({ headers: request.headers, body });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));
  const subscribe = (more: object = {}): Promise<Response> => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return bench.control('webex', 'subscribe', { subscriptions: [{ url, secret: 'somesecret', ...more }] });
  };
  const arrived = (count: number) => eventually(`${count} arrived`, () => got.length >= count);
  const events = () =>
    got.map(({ body }) => JSON.parse(body) as { event: string; id: string; data: Record<string, unknown> });
  const say = (action: object) => roomsAt(bench.url).act('webex', { room, ...action });

  it('a Webex event is signed, and names a message by its id without its text', async () => {
    await subscribe();
    const { id } = await say({ text: 'a secret' });
    await say({ do: 'edit', id, text: 'another secret' });
    await say({ do: 'delete', id });
    await arrived(3);
    expect(got.map(({ body }) => body).join('')).not.toContain('secret');
    const all = events().sort((a, b) => a.event.localeCompare(b.event));
    expect(all.map(({ event }) => event)).toEqual(['created', 'deleted', 'updated']);
    expect(new Set(all.map((one) => one.id)).size).toBe(1);
    expect(all[1]?.data).toEqual({ id, roomId: room, personId: expect.any(String) });
    for (const { headers, body } of got)
      expect(headers['x-spark-signature']).toBe(createHmac('sha1', 'somesecret').update(body).digest('hex'));
  });

  it('a Webex webhook can sign with SHA-256 and report edits as new messages', async () => {
    await subscribe({ signature: 'sha256', editsAs: 'created' });
    const { id } = await say({ text: 'x' });
    await say({ do: 'edit', id, text: 'y' });
    await arrived(2);
    expect(events().map(({ event }) => event)).toEqual(['created', 'created']);
    for (const { headers, body } of got)
      expect(headers['x-webex-signature']).toBe(createHmac('sha256', 'somesecret').update(body).digest('hex'));
  });

  it("a bot's Webex webhook gets only messages that mention the bot or that the bot sent", async () => {
    await subscribe({ by: 'bot' });
    const me = String((await call('GET', 'people/me')).json['id']);
    await say({ text: 'not for a bot' });
    await post({ markdown: `<@personId:${me}>` }, 'ann-1');
    await post();
    await arrived(2);
    expect(events().map(({ data }) => data['personEmail'])).toEqual(
      expect.arrayContaining(['ann@example.com', 'carillon@webex.bot']),
    );
    expect(got).toHaveLength(2);
  });

  it('a Webex webhook gets only the messages that its filter lets through', async () => {
    await subscribe({ filter: `roomId=${room}&personEmail=ben@example.com&hasFiles=false` });
    await say({ text: 'ann' });
    await say({ text: 'elsewhere', room: roomId('other'), user: 'ben' });
    await say({ text: 'ben', user: 'ben' });
    await arrived(1);
    await roomsAt(bench.url).act('webex', { room, text: 'ben again', user: 'ben' });
    await arrived(2);
    expect(events().map(({ data }) => data['personEmail'])).toEqual(['ben@example.com', 'ben@example.com']);
  });

  it('a Webex webhook is switched off after a hundred failures within five minutes', async () => {
    await subscribe();
    status = 503;
    for (let count = 0; count < 100; count += 1) await say({ text: 'x' });
    const state = async () => (await bench.accepted<{ webhooks: { status: string }[] }>('webex')).webhooks[0]?.status;
    await eventually('it is inactive', async () => (await state()) === 'inactive');
    await say({ text: 'x' });
    expect(await roomsAt(bench.url).hooks('webex')).toHaveLength(100);
    expect(got).toHaveLength(100);
  });
});

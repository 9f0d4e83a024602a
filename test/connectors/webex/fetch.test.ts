import { createAccessTokens } from '../../../src/connectors/http/access-tokens.ts';
import type { LookUpContext } from '../../../src/connectors/contract/context.ts';
import { webex } from '../../../src/connectors/webex/index.ts';
import type { InboundEvent } from '../../../src/domain/inbound.ts';
import { failureOf } from '../../support/outgoing.ts';
import { roomsAt } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { roomId } from '../../support/webex.ts';

const now = new Date('2026-03-01T12:00:09.000Z');
const created = '2026-03-01T12:00:00.000Z';

describe('a message that is fetched from Webex', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['webex']);
  });
  afterEach(() => bench.clearFaults('webex'));
  afterAll(() => bench.stop());
  const room = roomId('ops');
  const connection = (token = 'account-x') => ({
    id: 'acme',
    settings: { botToken: token, baseUrl: `${bench.url}/webex/v1/` },
  });
  const context = (): LookUpContext => ({
    http: bench.http,
    tokens: createAccessTokens(),
    now,
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  });
  const say = async (action: object): Promise<InboundEvent> => {
    const { id } = await roomsAt(bench.url).act('webex', { room, ...action });
    return {
      key: `created:${id}`,
      kind: 'created',
      room,
      nativeId: `${room}:${id}`,
      at: created,
      isIncomplete: true,
    };
  };
  const fetchIt = async (event: InboundEvent, token?: string, at = context()) =>
    webex.inbound?.fetch?.(event, connection(token), at);

  it('a message is fetched with its text, its sender and its files', async () => {
    const event = await say({
      content: [{ text: 'so *plain* ' }, { text: 'b', bold: true }, { text: '', mention: 'ben' }],
      file: { name: 'a.txt', mediaType: 'text/plain', base64: 'YQ==' },
    });
    const whole = await fetchIt(event);
    expect(whole).toMatchObject({
      key: event.key,
      text: expect.stringMatching(/^so \\\*plain\\\* \*\*b\*\*\[@Ben Baker\]\(mention:acme\/\S+\)$/),
      sender: { id: expect.any(String), email: 'ann@example.com' },
      files: [
        {
          name: 'a.txt',
          mediaType: 'text/plain',
          size: 1,
          url: expect.stringContaining(`${bench.url}/webex/v1/contents/`),
        },
      ],
    });
  });

  it.each([
    [{ status: 423, retryAfter: 60 }, 'file-1'],
    [
      {
        status: 200,
        headers: { 'content-disposition': "attachment; filename=x; filename*=UTF-8''na%C3%AFve%20plan.txt" },
      },
      'naïve plan.txt',
    ],
    [
      { status: 200, headers: { 'content-disposition': 'attachment; filename="../../etc/a \\"b\\".txt"' } },
      'a "b".txt',
    ],
    [
      { status: 200, headers: { 'content-disposition': "attachment; filename*=UTF-8''%ZZ; filename=plain.txt" } },
      'plain.txt',
    ],
    [{ status: 200, headers: { 'content-disposition': 'inline' } }, 'file-1'],
  ])('a file gets the name in its headers, or a number if Webex does not give it (%j)', async (fault, name) => {
    const event = await say({ text: 'x', file: { name: 'a.txt', mediaType: 'text/plain', base64: 'YQ==' } });
    await bench.fault('webex', { path: '/v1/contents/', ...fault });
    expect(await fetchIt(event)).toMatchObject({ text: 'x', files: [{ name }] });
  });

  it('a file on another server is left out, because its request would carry the token', async () => {
    const event = await say({ text: 'x' });
    const id = event.nativeId.split(':')[1];
    const files = ['https://evil.example/v1/contents/1', `${bench.url}/webex/v1.evil/contents/1`, 7];
    await bench.fault('webex', { path: '/v1/messages/', status: 200, body: { id, text: 'x', files } });
    expect(await fetchIt(event)).not.toHaveProperty('files');
  });

  it('a reply is fetched with its thread', async () => {
    const root = await say({ text: 'root' });
    const reply = await say({ text: 'reply', thread: root.nativeId.split(':')[1] });
    expect(await fetchIt(reply)).toMatchObject({
      nativeId: `${reply.nativeId}:${root.nativeId.split(':')[1]}`,
      thread: root.nativeId,
    });
  });

  it('an edit is fetched with the newest text and the time of that text', async () => {
    const event = await say({ text: 'first' });
    await roomsAt(bench.url).act('webex', { do: 'edit', room, id: event.nativeId.split(':')[1] ?? '', text: 'second' });
    const whole = await fetchIt({ ...event, kind: 'edited', revision: created });
    expect(whole).toMatchObject({ text: 'second', revision: expect.stringMatching(/Z$/) });
    expect(whole).not.toMatchObject({ revision: created });
  });

  it('a message that was deleted before it is fetched is gone', async () => {
    const event = await say({ text: 'never mind' });
    await roomsAt(bench.url).act('webex', { do: 'delete', room, id: event.nativeId.split(':')[1] ?? '' });
    expect(await fetchIt(event)).toBe('gone');
  });

  it('a post of our own account or of a bot is ignored, even if the event does not show whose it is', async () => {
    const posted = async (token: string): Promise<InboundEvent> => {
      const answer = await fetch(`${bench.url}/webex/v1/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ roomId: room, markdown: 'copy' }),
      });
      const { id } = (await answer.json()) as { id: string };
      return { ...(await say({ text: 'x' })), nativeId: `${room}:${id}` };
    };
    expect(await fetchIt(await posted('account-y'), 'account-x')).toEqual({ ignored: 'own_post' });
    expect(await fetchIt(await posted('bot-y'), 'account-x')).toEqual({ ignored: 'bot_post' });
    expect(await fetchIt(await posted('account-y'), 'bot-x')).toMatchObject({ text: 'copy' });
  });

  it('our own account is looked up once, and an event of ours is ignored without a request', async () => {
    const at = context();
    for (let count = 0; count < 3; count += 1) await fetchIt(await say({ text: 'x' }), 'account-x', at);
    const asked = async () => (await bench.requests('webex')).filter(({ method }) => method === 'GET');
    const before = await asked();
    expect(before.slice(-4).filter(({ path }) => path.endsWith('/people/me'))).toHaveLength(1);
    const me = before.find(({ path }) => path.endsWith('/people/me'))?.answer?.body as { id: string };
    expect(await fetchIt({ ...(await say({ text: 'x' })), sender: me }, 'account-x', at)).toEqual({
      ignored: 'own_post',
    });
    expect(await asked()).toHaveLength(before.length);
  });

  it.each([
    [{ status: 401 }, 'permanent', 'connection'],
    [{ status: 403 }, 'permanent', 'message'],
    [{ status: 423, retryAfter: 3 }, 'transient', 'destination'],
    [{ status: 429, retryAfter: 3 }, 'transient', 'destination'],
    [{ status: 502 }, 'transient', 'destination'],
    [{ status: 200, body: '<html>' }, 'transient', 'destination'],
    [{ mode: 'reset-before' }, 'transient', 'destination'],
  ] as const)('a fetch that fails with %j is a failure of the right kind', async (fault, kind, affects) => {
    const event = await say({ text: 'x' });
    for (const path of ['/v1/messages/', '/v1/people/me']) {
      await bench.fault('webex', { path, ...fault });
      expect(await failureOf(fetchIt(event))).toMatchObject({
        kind,
        affects,
        ...('retryAfter' in fault ? { retryAfterMs: 3_000 } : {}),
      });
    }
  });
});

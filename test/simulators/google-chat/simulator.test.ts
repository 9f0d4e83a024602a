import { X509Certificate, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { account } from '../../../src/simulators/google-chat/account.ts';
import { startSimulators } from '../../../src/simulators/index.ts';
import { roomsAt, type Rooms } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';

let bench: SimulatorBench;
let rooms: Rooms;
let token: string;
beforeEach(async () => {
  bench = await startSimulatorBench(['google-chat']);
  rooms = roomsAt(bench.url);
  token = String((await grant()).body['access_token']);
});
afterEach(() => bench.stop());

type Json = Record<string, unknown>;
const space = 'spaces/AAAAops';
const messages = `/v1/${space}/messages`;

async function grant(claims: object = {}, key: KeyObject = createPrivateKey(account.privateKey)) {
  const iat = Math.floor(Date.now() / 1_000);
  const usual = { iss: account.email, aud: `${bench.url}/google-chat/token`, iat, exp: iat + 3_600 };
  const scope = 'https://www.googleapis.com/auth/chat.bot';
  const assertion = await new SignJWT({ ...usual, scope, ...claims }).setProtectedHeader({ alg: 'RS256' }).sign(key);
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
  const response = await fetch(`${bench.url}/google-chat/token`, { method: 'POST', body });
  return { status: response.status, body: (await response.json()) as Json };
}

async function call(method: string, path: string, body?: object, bearer = token) {
  const response = await fetch(`${bench.url}/google-chat${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Json };
}
const post = (query: string, body: object = { text: 'x' }) => call('POST', `${messages}?${query}`, body);
const refused = (code: number, status: string) => ({ status: code, body: { error: { code, status } } });
const held = async () =>
  (await bench.accepted<{ spaces: Record<string, { text: string; deleted?: string }[]> }>('google-chat')).spaces[
    space
  ] ?? [];

describe('the Google Chat simulator', () => {
  it('the Google Chat simulator issues tokens only for assertions that its service account signed', async () => {
    expect(await grant()).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 3_600 } });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const past = Math.floor(Date.now() / 1_000) - 7_200;
    for (const refusedGrant of [
      await grant({}, privateKey),
      await grant({ iss: 'eve@example.com' }),
      await grant({ aud: 'https://oauth2.googleapis.com/token' }),
      await grant({ iat: past, exp: past + 3_600 }),
      await grant({ exp: past + 100_000 }),
    ])
      expect(refusedGrant).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await grant({ scope: 'openid' })).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
  });

  it('the Google Chat simulator refuses calls with a missing, expired or revoked token', async () => {
    for (const bad of ['', 'ya29.1', `ya29.${Date.now() - 3_700_000}`])
      expect(await call('GET', `${messages}/x`, undefined, bad)).toMatchObject(refused(401, 'UNAUTHENTICATED'));
    await bench.control('google-chat', 'revoke', {});
    expect(await post('')).toMatchObject(refused(401, 'UNAUTHENTICATED'));
  });

  it('the Google Chat simulator answers a repeated request id with the message that it created before', async () => {
    const first = await post('requestId=r1&messageId=client-a');
    expect(first.body).toMatchObject({
      name: expect.stringMatching(/^spaces\/AAAAops\/messages\//),
      thread: { name: expect.stringMatching(/^spaces\/AAAAops\/threads\//) },
      sender: { type: 'BOT' },
      clientAssignedMessageId: 'client-a',
    });
    const again = await post('requestId=r1&messageId=client-a', { text: 'another' });
    expect(again).toMatchObject({ status: 200, body: { name: first.body['name'] } });
    expect(again.body).not.toHaveProperty('thread');
    expect((await held()).map(({ text }) => text)).toEqual(['x']);
  });

  it("the Google Chat simulator takes a client's message id once, and finds the message by it", async () => {
    const { body } = await post('messageId=client-a');
    expect(await post('messageId=client-a')).toMatchObject(refused(409, 'ALREADY_EXISTS'));
    expect((await call('GET', `${messages}/client-a`)).body).toMatchObject({ name: body['name'], text: 'x' });
    await call('DELETE', `${messages}/client-a`);
    expect(await call('GET', `${messages}/client-a`)).toMatchObject(refused(404, 'NOT_FOUND'));
    for (const id of ['a', 'client-A', 'client-_', `client-${'a'.repeat(57)}`])
      expect(await post(`messageId=${id}`)).toMatchObject(refused(400, 'INVALID_ARGUMENT'));
  });

  it('the Google Chat simulator replies in a thread only if the thread exists and is asked for', async () => {
    const { thread } = (await post('')).body as { thread: { name: string } };
    const threadOf = async (option: string, name = thread.name) =>
      (await post(option, { text: 'y', thread: { name } })).body as {
        thread?: { name: string };
        threadReply?: boolean;
      };
    expect(await threadOf('messageReplyOption=REPLY_MESSAGE_OR_FAIL')).toMatchObject({ thread, threadReply: true });
    expect((await threadOf('')).thread).not.toEqual(thread);
    const away = await threadOf('messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD', `${space}/threads/none`);
    expect(away.thread?.name).toMatch(/threads\/(?!none)/);
    expect(away).not.toHaveProperty('threadReply');
    const body = { text: 'y', thread: { name: `${space}/threads/none` } };
    expect(await post('messageReplyOption=REPLY_MESSAGE_OR_FAIL', body)).toMatchObject(refused(404, 'NOT_FOUND'));
  });

  it('the Google Chat simulator deletes a message with its replies only when it is forced to', async () => {
    const { name, thread } = (await post('')).body as { name: string; thread: object };
    await post('messageReplyOption=REPLY_MESSAGE_OR_FAIL', { text: 'reply', thread });
    const path = `/v1/${name}`;
    expect(await call('PATCH', path, { text: 'y' })).toMatchObject(refused(400, 'INVALID_ARGUMENT'));
    expect(await call('PATCH', `${path}?updateMask=text`, { text: 'y' })).toMatchObject({
      status: 200,
      body: { text: 'y', lastUpdateTime: expect.any(String) },
    });
    expect(await call('DELETE', path)).toMatchObject(refused(400, 'FAILED_PRECONDITION'));
    expect((await call('DELETE', `${path}?force=true`)).status).toBe(200);
    expect((await held()).every(({ deleted }) => deleted !== undefined)).toBe(true);
    expect(await call('DELETE', `${path}?force=true`)).toMatchObject(refused(404, 'NOT_FOUND'));
    expect(await call('PATCH', `${path}?updateMask=text`, { text: 'z' })).toMatchObject(refused(404, 'NOT_FOUND'));
  });

  it('the Google Chat simulator forbids an app to change what people wrote, to react or list messages', async () => {
    const { id } = await rooms.act('google-chat', { room: space, text: 'mine' });
    for (const [method, path] of [
      ['PATCH', `/v1/${id}?updateMask=text`],
      ['DELETE', `/v1/${id}`],
      ['POST', `/v1/${id}/reactions`],
      ['GET', messages],
    ] as const)
      expect(await call(method, path, method === 'GET' ? undefined : { text: 'x' })).toMatchObject(
        refused(403, 'PERMISSION_DENIED'),
      );
  });

  it('the Google Chat simulator takes texts of 1 to 32 000 bytes', async () => {
    expect((await post('', { text: 'ü'.repeat(16_000) })).status).toBe(200);
    for (const text of ['ü'.repeat(16_001), ' ', 7])
      expect(await post('', { text })).toMatchObject(refused(400, 'INVALID_ARGUMENT'));
  });

  it('the Google Chat simulator shows a room as its readers see it', async () => {
    const content = [
      { text: '', mention: 'ben' as const },
      { text: ' x', bold: true },
    ];
    const { id } = await rooms.act('google-chat', { room: space, content });
    await rooms.act('google-chat', { room: space, thread: id, user: 'cleo', text: 'reply' });
    await rooms.act('google-chat', { room: space, do: 'react', id, user: 'ben', emoji: '👍' });
    expect(await rooms.read('google-chat', space)).toMatchObject([
      {
        id,
        by: 'Ann Archer',
        isBot: false,
        markup: '<users/102>* x*',
        mentions: ['ben'],
        reactions: { '👍': ['Ben Baker'] },
      },
      { by: 'Cleo Cruz', thread: id },
    ]);
    await expect(rooms.act('google-chat', { room: space, do: 'edit', id, user: 'ben', text: 'x' })).rejects.toThrow(
      /403/,
    );
  });

  it('the Google Chat simulator keeps everything when it is killed', async () => {
    await post('requestId=r1&messageId=client-a');
    const { id } = await rooms.act('google-chat', { room: space, text: 'said' });
    await rooms.act('google-chat', { room: space, do: 'edit', id, text: 'changed' });
    await rooms.act('google-chat', { room: space, do: 'react', id, emoji: '🎉' });
    await call('DELETE', `${messages}/client-a`);
    const again = await startSimulators({ port: 0, dir: bench.dir, connectors: ['google-chat'] });
    const accepted = await (await fetch(`${again.url}/_sim/google-chat/accepted`)).json();
    await again.stop();
    expect(accepted).toEqual(await bench.accepted('google-chat'));
  });

  it('the Google Chat simulator publishes its key as a JWK and as a certificate', async () => {
    const { keys } = (await call('GET', '/keys/jwks')).body as { keys: { kid: string; n: string }[] };
    const certificates = (await call('GET', '/keys/x509')).body as Record<string, string>;
    const certificate = new X509Certificate(certificates[keys[0]?.kid ?? ''] ?? '');
    expect(certificate.publicKey.export({ format: 'jwk' })['n']).toBe(keys[0]?.n);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(new Date(certificate.validTo).getTime()).toBeGreaterThan(Date.now());
  });
});

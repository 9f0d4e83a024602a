import { fastify } from 'fastify';
import { googleChat } from '../../../src/connectors/google-chat/index.ts';
import type { HookRequest, Received } from '../../../src/connectors/contract/inbound.ts';
import { createSigningKeys } from '../../../src/connectors/inbound/signing-keys.ts';
import { eventually } from '../../support/eventually.ts';
import { settings as simulated } from '../../support/google-chat.ts';
import { asChat, classic, message, name, push, read, sender, text } from '../../support/google-chat-hooks.ts';
import { roomsAt } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';

describe('an event of Google Chat', () => {
  const place = { room: 'spaces/AAAA', nativeId: name };

  it('a new message gives the same event whether Pub/Sub pushes it or Google Chat sends it to the app', async () => {
    const [pushed, asked] = [
      await read(push('message.v1.created', { message })),
      await read(JSON.stringify(classic()), asChat),
    ];
    expect(pushed).toEqual(asked);
    expect(pushed).toEqual([
      {
        event: expect.objectContaining({
          key: `created:${name}`,
          ...place,
          nativeId: `${name}:t1`,
          at: '2026-03-01T11:59:00.123Z',
          sender: { id: 'users/101', name: 'Ann Archer' },
        }),
      },
    ]);
  });

  it('an interaction event adds the e-mail address of the sender', async () => {
    const event = classic({ user: { ...sender, email: 'ann@example.com' } });
    expect(await read(JSON.stringify(event), asChat)).toMatchObject([
      { event: { sender: { id: 'users/101', email: 'ann@example.com' } } },
    ]);
  });

  it('a reply names its thread, and the root of that thread is found by the same key', async () => {
    const reply = { ...message, name: 'spaces/AAAA/messages/m3', threadReply: true };
    const events = await read(push('message.v1.created', { message: reply }));
    expect(events).toMatchObject([
      { event: { nativeId: 'spaces/AAAA/messages/m3:t1:reply', thread: 'spaces/AAAA/threads/t1' } },
    ]);
    const { inbound } = googleChat;
    expect(inbound?.threadKey?.(`${name}:t1`)).toBe(inbound?.linkKey('spaces/AAAA/threads/t1'));
    expect(inbound?.threadKey?.('spaces/AAAA/messages/m3:t1:reply')).toBeUndefined();
    expect(inbound?.threadKey?.(name)).toBeUndefined();
    expect(inbound?.linkKey(`${name}:t1`)).toBe(name);
  });

  it('the revision of an edit rises with its time, however many decimals the time has', async () => {
    const times = [
      '2026-03-01T12:00:00Z',
      '2026-03-01T12:00:00.1Z',
      '2026-03-01T12:00:00.123456Z',
      '2026-03-01T12:00:01Z',
    ];
    const revisions: string[] = [];
    const seen = new Set<string>();
    for (const lastUpdateTime of times) {
      const events = await read(push('message.v1.updated', { message: { ...message, lastUpdateTime } }));
      expect(events).toMatchObject([{ event: { kind: 'edited', ...place, text: text.replace('under-test', 'acme') } }]);
      const one = Array.isArray(events) ? events[0] : undefined;
      if (one === undefined || !('event' in one)) throw new Error('an edit is an event');
      revisions.push(one.event.revision ?? '');
      seen.add(one.event.key);
    }
    expect([...revisions].sort()).toEqual(revisions);
    expect(seen.size).toBe(times.length);
  });

  it('a deletion and reactions are read with their message, person and emoji', async () => {
    const deleteTime = '2026-03-01T12:00:00Z';
    expect(await read(push('message.v1.deleted', { message: { name, deleteTime } }))).toEqual([
      { event: { key: `deleted:${name}`, kind: 'deleted', ...place, at: '2026-03-01T12:00:00.000Z' } },
    ]);
    const reaction = { name: `${name}/reactions/r1`, user: sender, emoji: { unicode: '👍🏽' } };
    for (const [type, kind] of [
      ['created', 'reacted'],
      ['deleted', 'unreacted'],
    ])
      expect(await read(push(`reaction.v1.${type}`, { reaction }, { 'ce-id': type }))).toEqual([
        {
          event: {
            key: `reaction:${type}`,
            kind,
            ...place,
            at: '2026-03-01T12:00:00.500Z',
            sender: { id: 'users/101', name: 'Ann Archer' },
            emoji: '👍🏽',
          },
        },
      ]);
    const custom = { ...reaction, emoji: { customEmoji: { emojiName: ':party:' } } };
    expect(await read(push('reaction.v1.created', { reaction: custom }))).toMatchObject([
      { event: { emoji: ':party:' } },
    ]);
  });

  it('a message with files lists them by name', async () => {
    const attachment = [
      {
        name: 'a/1',
        contentName: 'log.txt',
        contentType: 'text/plain',
        attachmentDataRef: { resourceName: 'media/1' },
      },
      { name: 'a/2', driveDataRef: {} },
    ];
    expect(
      await read(push('message.v1.created', { message: { ...message, text: '', formattedText: '', attachment } })),
    ).toMatchObject([
      {
        event: {
          text: '',
          files: [
            { id: 'media/1', name: 'log.txt', mediaType: 'text/plain' },
            { id: 'a/2', name: 'a/2' },
          ],
        },
      },
    ]);
  });

  const bot = { ...sender, type: 'BOT' };
  it.each([
    [
      'our own post',
      'message.v1.created',
      { message: { ...message, sender: bot, clientAssignedMessageId: 'client-carillon-dlv-1' } },
      'own_post',
    ],
    [
      'the edit of a copy',
      'message.v1.updated',
      { message: { ...message, clientAssignedMessageId: 'client-carillon-dlv-1' } },
      'own_post',
    ],
    ["an app's post", 'message.v1.created', { message: { ...message, sender: bot } }, 'bot_post'],
    ['a change that is no edit', 'message.v1.updated', { message }, 'no_edit'],
    [
      "an app's reaction",
      'reaction.v1.created',
      { reaction: { name: `${name}/reactions/r`, user: bot, emoji: { unicode: '👍' } } },
      'own_post',
    ],
    ['many at once', 'message.v1.batchCreated', { messages: [] }, 'unsupported_event'],
    ['a change of the space', 'space.v1.updated', { space: {} }, 'unsupported_event'],
    ['a later version', 'message.v2.created', { message }, 'unsupported_event'],
  ])('an event of Google Chat that is %s is ignored', async (_, type, data, code) => {
    expect(await read(push(type, data))).toEqual([{ ignored: code }]);
  });

  it.each([
    ['no JSON', push('message.v1.created', '{"message"')],
    ['no name', push('message.v1.created', { message: { ...message, name: 'x' } })],
    ['no time', push('message.v1.created', { message: { ...message, createTime: 'x' } })],
    ['no emoji', push('reaction.v1.created', { reaction: { name: `${name}/reactions/r`, user: sender } })],
    ['no type', JSON.stringify({ message: { data: '' } })],
  ])('an event of Google Chat that has %s is kept for an operator', async (_, body) => {
    expect(await read(body)).toMatchObject({ kind: 'unreadable', answer: { status: 200 } });
  });
});

describe('the hook of Google Chat', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['google-chat']);
  });
  afterAll(() => bench.stop());

  it('the hook accepts all kinds of requests that the simulator signs with its published keys', async () => {
    const [real1, project] = [simulated(bench.url), { ...simulated(bench.url), audience: '42' }];
    const signing = createSigningKeys(bench.http);
    const got: { path: string; received: Received }[] = [];
    const app = fastify();
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.post('/:kind', async ({ headers, body, url }, reply) => {
      const one = { method: 'POST', path: '', query: new URLSearchParams(), headers, body } as HookRequest;
      const connection = { id: 'acme', settings: url === '/add-on' ? project : real1 };
      const received = await googleChat.inbound!.receive(one, connection, { now: new Date(), keys: signing });
      got.push({ path: url, received });
      return reply.code(received.answer.status).send(received.answer.body);
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const rooms = roomsAt(bench.url);
    await rooms.control('google-chat', 'subscribe', {
      subscriptions: [
        { url: `${url}/push`, kind: 'push', audience: real1.pushAudience, email: real1.pushServiceAccount },
        { url: `${url}/classic`, kind: 'classic', audience: real1.audience },
        { url: `${url}/add-on`, kind: 'add-on', audience: '42' },
      ],
    });
    const room = 'spaces/AAAAroom';
    const { id } = await rooms.act('google-chat', {
      room,
      text: '@Carillon hello',
      file: { name: 'a.txt', mediaType: 'text/plain', base64: 'YQ==' },
    });
    await rooms.act('google-chat', { room, do: 'edit', id, text: 'hello again' });
    await rooms.act('google-chat', { room, do: 'react', id, user: 'ben', emoji: '👍' });
    await rooms.act('google-chat', { room, do: 'unreact', id, user: 'ben', emoji: '👍' });
    await rooms.act('google-chat', { room, thread: id, text: 'a reply' });
    await rooms.act('google-chat', { room, do: 'delete', id });
    await eventually('all are there', async () => got.length >= 9);
    await app.close();
    const events = got.flatMap(({ received }) => (received.kind === 'events' ? received.events : []));
    const kinds = events.map((one) => ('event' in one ? one.event.kind : one.ignored)).sort();
    expect(kinds).toEqual([...Array(4).fill('created'), 'deleted', 'deleted', 'edited', 'reacted', 'unreacted']);
    const said = events.filter((one) => 'event' in one && one.event.key === `created:${id}`);
    expect(said).toHaveLength(3);
    for (const one of said)
      expect(one).toMatchObject({
        event: { text: '@Carillon hello', files: [{ name: 'a.txt' }], sender: { name: 'Ann Archer' } },
      });
  });
});

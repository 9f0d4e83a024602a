import type { Values } from '../../../src/connectors/contract/context.ts';
import { msteams } from '../../../src/connectors/msteams/index.ts';
import {
  activity,
  appId,
  channel,
  jwk,
  now,
  publishing,
  read,
  receive,
  request,
  token,
} from '../../support/msteams-activity.ts';
import { msteams as platform } from '../../support/platforms/msteams.ts';

describe('an activity of Teams', () => {
  it('a message is read with its conversation, author and text', async () => {
    expect(await read(activity)).toEqual({
      event: {
        key: `created ${channel} 1700000000000`,
        kind: 'created',
        room: channel,
        nativeId: `${channel};messageid=1700000000000/1700000000000`,
        at: '2026-03-01T12:00:00.123Z',
        sender: { id: '29:ann', name: 'Ann Archer' },
        text: 'a **bold** [@Ben](mention:acme/29%3Aben)',
      },
    });
  });

  it('a reply in a channel names the root of its thread, and a message in a chat names none', async () => {
    const root = `${channel};messageid=1700000000000/1700000000000`;
    expect(await read({ ...activity, id: '1700000000009' })).toMatchObject({ event: { thread: root } });
    const chat = { id: '19:talk@thread.v2', conversationType: 'groupChat' };
    const said = await read({ ...activity, conversation: chat, replyToId: '1' });
    expect(said).toMatchObject({ event: { room: '19:talk@thread.v2', nativeId: '19:talk@thread.v2/1700000000000' } });
    expect(said).not.toHaveProperty('event.thread');
  });

  it('an edit has a revision that rises with its time', async () => {
    const edit = { ...activity, type: 'messageUpdate', channelData: { eventType: 'editMessage' } };
    const [one, two] = [await read(edit), await read({ ...edit, timestamp: '2026-03-01T12:00:00.2Z' })];
    const revisions = [one, two].map((each) =>
      each !== undefined && 'event' in each ? each.event.revision : undefined,
    );
    expect(revisions[0]).toMatch(/^\d{16}$/);
    expect(String(revisions[1]) > String(revisions[0])).toBe(true);
    expect(one).toMatchObject({ event: { kind: 'edited', text: expect.stringContaining('**bold**') } });
    expect(one).not.toMatchObject({ event: { key: (two as { event: { key: string } }).event.key } });
  });

  it('a deletion is read without a text', async () => {
    const { text: _, attachments: __, ...rest } = activity;
    const gone = { ...rest, type: 'messageDelete', channelData: { eventType: 'softDeleteMessage' } };
    expect(await read(gone)).toEqual({
      event: {
        key: `deleted ${channel} 1700000000000`,
        kind: 'deleted',
        room: channel,
        nativeId: `${channel};messageid=1700000000000/1700000000000`,
        at: '2026-03-01T12:00:00.123Z',
      },
    });
  });

  it('an activity with several reactions gives one event for each, with a key of its own', async () => {
    const reaction = {
      ...activity,
      type: 'messageReaction',
      id: 'f:1',
      conversation: { id: channel },
      replyToId: '1700000000000',
      reactionsAdded: [{ type: 'like' }, { type: 'heart' }],
      reactionsRemoved: [{ type: 'like' }, { type: '1f389_party' }],
    };
    const events = (await read(reaction)) as unknown as {
      event: { key: string; kind: string; emoji: string; nativeId: string };
    }[];
    expect(events.map(({ event: { kind, emoji } }) => [kind, emoji])).toEqual([
      ['reacted', '👍'],
      ['reacted', '❤️'],
      ['unreacted', '👍'],
      ['unreacted', ':1f389_party:'],
    ]);
    expect(new Set(events.map(({ event: { key } }) => key)).size).toBe(4);
    const { linkKey = String } = msteams.inbound ?? {};
    expect(linkKey(events[0]?.event.nativeId ?? '')).toBe(linkKey(`${channel};messageid=1700000000000/1700000000000`));
  });

  it('a message in a personal chat is read with its files', async () => {
    const file = {
      contentType: 'application/vnd.microsoft.teams.file.download.info',
      name: 'log.txt',
      contentUrl: 'https://acme.sharepoint.com/log.txt',
      content: { downloadUrl: 'https://acme.sharepoint.com/download', uniqueId: 'F1', fileType: 'txt' },
    };
    expect(await read({ ...activity, text: '', attachments: [file] })).toMatchObject({
      event: {
        text: '',
        files: [
          {
            id: 'F1',
            name: 'log.txt',
            url: 'https://acme.sharepoint.com/download',
            page: 'https://acme.sharepoint.com/log.txt',
          },
        ],
      },
    });
  });

  it.each([
    ['our own post', { from: { id: `28:${appId}` } }, 'own_post'],
    ["another bot's post", { from: { id: '28:another' } }, 'bot_post'],
    ['a mention of the bot alone', { attachments: [], text: ' <at>Carillon</at> ' }, 'no_content'],
    ['an edit that leaves nothing', { type: 'messageUpdate', attachments: [], text: '' }, 'no_content'],
    ['a new member', { type: 'conversationUpdate' }, 'unsupported_event'],
    ['an installation', { type: 'installationUpdate', action: 'add' }, 'unsupported_event'],
    [
      'a message that is restored',
      { type: 'messageUpdate', channelData: { eventType: 'undeleteMessage' } },
      'message_restored',
    ],
  ])('an activity of Teams that is %s is ignored', async (_, change, code) => {
    expect(await read({ ...activity, ...change })).toEqual({ ignored: code });
  });

  it('an event that tests and benchmarks create is genuine and different each time', async () => {
    const { event, room, settings } = platform;
    if (event === undefined) throw new Error('no event can be made');
    const at = { id: 'acme', settings: settings('http://127.0.0.1:1') as Values };
    const made = await Promise.all([1, 2].map(async (n) => event('ops', n, now)));
    const keys = made.map(async ({ headers, body }) => {
      const hook = { method: 'POST', path: '', query: new URLSearchParams(), headers, body: Buffer.from(body) };
      const received = await msteams.inbound?.receive(hook, at, { now, keys: publishing(jwk) });
      expect(received).toMatchObject({ events: [{ event: { kind: 'created', room: room('ops') } }] });
      return JSON.stringify(received);
    });
    expect(new Set(await Promise.all(keys)).size).toBe(2);
  });

  it('an activity of another channel of the Bot Framework is ignored, although its key is genuine', async () => {
    const elsewhere = JSON.stringify({ ...activity, channelId: 'webchat' });
    const published = publishing({ ...jwk, endorsements: ['msteams', 'webchat'] });
    expect(await receive(request(elsewhere, `Bearer ${token(now)}`), published)).toMatchObject({
      events: [{ ignored: 'other_channel' }],
    });
  });

  it.each([
    ['conversation', { conversation: {} }],
    ['time', { timestamp: 'yesterday' }],
    ['id', { id: undefined }],
    ['sender', { from: undefined }],
    ['message that is reacted to', { type: 'messageReaction', reactionsAdded: [{ type: 'like' }] }],
    ['reaction', { type: 'messageReaction', replyToId: '1' }],
  ])('an activity of Teams without a %s is kept for an operator', async (_, change) => {
    expect(await read({ ...activity, ...change })).toMatchObject({ kind: 'unreadable', answer: { status: 200 } });
  });
});

import { zoom } from '../../../src/connectors/zoom/index.ts';
import { markOf } from '../../../src/connectors/text/invisible-mark.ts';
import { attempt, sampleOutgoing, sendContext } from '../../support/outgoing.ts';
import { roomsAt } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { channel_id, envelope, eventOf, message, person, posted, reaction, read } from '../../support/zoom-events.ts';
import { held, refusal, settings as usualSettings, target } from '../../support/zoom.ts';

describe('an event of Zoom', () => {
  it('a message is read with its channel, time, sender and text', async () => {
    expect(await eventOf(envelope(posted, message))).toEqual({
      key: `created:${channel_id}:M1`,
      kind: 'created',
      room: channel_id,
      nativeId: `${channel_id}:M1`,
      at: '2023-11-14T22:13:20.000Z',
      sender: { id: 'uAnn', email: 'ann@example.com' },
      text: 'a **bold** word',
    });
  });

  it('a reply names the main message of its thread', async () => {
    const event = await eventOf(envelope(posted, { ...message, message_id: 'M2', reply_main_message_id: 'M1' }));
    expect(event).toMatchObject({ nativeId: `${channel_id}:M2:M1`, thread: `${channel_id}:M1` });
    expect(zoom.inbound?.linkKey(event.nativeId)).toBe(`${channel_id}:M2`);
  });

  it('an edit has a revision that rises with the time of the event', async () => {
    const name = 'team_chat.channel_message_updated';
    const [one, two] = [
      await eventOf(envelope(name, message)),
      await eventOf(envelope(name, message, person, { event_ts: 1_700_000_000_501 })),
    ];
    expect(one).toMatchObject({ kind: 'edited', text: 'a **bold** word', at: '2023-11-14T22:13:20.500Z' });
    expect(two.key).not.toBe(one.key);
    expect((two.revision ?? '') > (one.revision ?? '')).toBe(true);
  });

  it('a deletion is read without a text', async () => {
    const { message: _, rich_text: __, ...gone } = message;
    const event = await eventOf(envelope('team_chat.channel_message_deleted', gone));
    expect(event).toMatchObject({ kind: 'deleted', nativeId: `${channel_id}:M1` });
    expect(event).not.toHaveProperty('text');
  });

  it.each([
    ['added', 'reacted', 'U+1F44D', '👍'],
    ['removed', 'unreacted', 'U+2764 U+FE0F', '❤️'],
    ['added', 'reacted', 'U+1F44D,U+1F3FD', '👍🏽'],
    ['added', 'reacted', 'U+1F468U+200DU+1F469', '👨‍👩'],
    ['added', 'reacted', '🎉', '🎉'],
  ])('a reaction that was %s is read as such, however its emoji is written', async (what, kind, emoji, char) => {
    const event = await eventOf(envelope(`team_chat.channel_reaction_${what}`, { ...reaction, emoji }));
    expect(event).toMatchObject({ kind, emoji: char, nativeId: `${channel_id}:M1`, sender: { id: 'uAnn' } });
  });

  it('reactions of two people in the same millisecond have different keys', async () => {
    const name = 'team_chat.channel_reaction_added';
    const ben = { operator: 'ben@example.com', operator_id: 'uBen', operator_member_id: 'mBen' };
    expect((await eventOf(envelope(name, reaction))).key).not.toBe((await eventOf(envelope(name, reaction, ben))).key);
  });

  it('a person of another account is identified by their member id', async () => {
    const outsider = { operator: '', operator_id: '', operator_member_id: 'mEve', by_external_user: true };
    expect((await eventOf(envelope(posted, message, outsider))).sender).toEqual({ id: 'mEve' });
  });

  it('a message with an at sign or with files is fetched, because the event lacks mentions and addresses', async () => {
    const files = [
      { file_id: 'F1', file_name: 'a.png', file_size: 9, OS_file_type: 'png', file_message_type: 'image' },
    ];
    expect(await eventOf(envelope(posted, { ...message, message: 'hi @Ben' }))).toMatchObject({ isIncomplete: true });
    expect(await eventOf(envelope(posted, { message_id: 'M1', channel_id, files }))).toMatchObject({
      isIncomplete: true,
      text: '',
      files: [{ id: 'F1', name: 'a.png', size: 9 }],
    });
  });

  const ours = { operator: 'Carillon@example.com', operator_id: 'uCarillon', operator_member_id: 'm' };
  it.each([
    ['our own post', posted, message, ours, 'own_post'],
    ['our own edit', 'team_chat.channel_message_updated', message, ours, 'own_post'],
    ['our own deletion', 'team_chat.channel_message_deleted', message, ours, 'own_post'],
    ['our own reaction', 'team_chat.channel_reaction_added', reaction, ours, 'own_post'],
    [
      "another Carillon's copy, which looks like a person's post",
      posted,
      { ...message, message: `${markOf('dlv_theirs')}Ann (Slack): hi` },
      person,
      'own_post',
    ],
    [
      "another Carillon's edit of a copy",
      'team_chat.channel_message_updated',
      { ...message, message: `${markOf('dlv_theirs')}Ann (Slack): ho` },
      person,
      'own_post',
    ],
    ['a message to one person', 'team_chat.dm_message_posted', { message_id: 'M1' }, person, 'direct_message'],
    ['an edit to one person', 'team_chat.dm_message_updated', { message_id: 'M1' }, person, 'direct_message'],
    ['a deletion to one person', 'team_chat.dm_message_deleted', { message_id: 'M1' }, person, 'direct_message'],
    ['a reaction to one person', 'team_chat.dm_reaction_removed', { msg_id: 'M1' }, person, 'direct_message'],
    ['a file', 'team_chat.file_shared', { files: [] }, person, 'file_event'],
    ['the older form of a message', 'chat_message.sent', { id: 'M1' }, person, 'legacy_event'],
    ['the older form of a reply', 'chat_message.replied', { id: 'M1' }, person, 'legacy_event'],
    ['a chatbot', 'bot_notification', {}, person, 'unsupported_event'],
    ['a pin', 'team_chat.channel_pin_added', {}, person, 'unsupported_event'],
  ])('an event of Zoom that is %s is ignored', async (_, name, object, operator, code) => {
    expect(await read(envelope(name, object, operator))).toEqual({ ignored: code });
  });

  it('our own posts are recognized by the id of our user, if the settings contain the id', async () => {
    expect(await read(envelope(posted, message, ours), { user: 'uCarillon' })).toEqual({ ignored: 'own_post' });
    expect(await read(envelope(posted, message, ours), { user: 'ucarillon' })).toHaveProperty('event');
  });

  it("a message into which a person copied a part of a copy is that person's own", async () => {
    const text = `look: ${markOf('dlv_theirs')}Ann (Slack): hi`;
    expect((await eventOf(envelope(posted, { ...message, message: text, rich_text: [] }))).text).toContain('look:');
  });

  it.each([
    ['no channel', { ...message, channel_id: undefined }],
    ['no message', { ...message, message_id: undefined }],
  ])('an event of Zoom that has %s is kept for an operator', async (_, object) => {
    expect(await read(envelope(posted, object))).toMatchObject({ kind: 'unreadable', answer: { status: 200 } });
  });
});

describe('a message that is fetched from Zoom', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['zoom']);
  });
  afterEach(() => bench.clearFaults('zoom'));
  afterAll(() => bench.stop());

  const fetched = async (id: string) => {
    const event = {
      key: 'k',
      kind: 'created' as const,
      room: channel_id,
      nativeId: `${channel_id}:${id}`,
      at: '2026-03-01T12:00:00.000Z',
      text: 'as it came, @Ben Baker',
      isIncomplete: true as const,
    };
    const connection = { id: 'acme', settings: usualSettings(bench.url) };
    return zoom.inbound?.fetch?.(event, connection, sendContext(bench.http));
  };

  it('a message is fetched with its mentions and the addresses of its files', async () => {
    const { id } = await roomsAt(bench.url).act('zoom', {
      room: channel_id,
      content: [{ text: 'see ' }, { text: '', mention: 'ben' }, { text: ', ' }, { text: '', mention: 'all' }],
      file: { name: 'a.txt', mediaType: 'text/plain', base64: 'aGk=' },
    });
    const event = await fetched(id);
    expect(event).toMatchObject({
      text: 'see [@Ben Baker](mention:acme/BenzUser0zUser0zUser0z), [@all](mention:all)',
      files: [{ id: `F${id}`, name: 'a.txt', size: 2, url: `${bench.url}/zoom/files/F${id}` }],
    });
    expect(event).not.toHaveProperty('isIncomplete');
  });

  it('a message that Zoom no longer has is gone', async () => {
    expect(await fetched('M404')).toBe('gone');
  });

  it('a message that may not be read keeps the text of its event, and other failures are tried again', async () => {
    await bench.fault('zoom', { path: '/messages/', ...refusal(200) });
    expect(await fetched('M1')).toMatchObject({ text: 'as it came, @Ben Baker' });
    await bench.fault('zoom', { path: '/messages/', status: 500 });
    await expect(fetched('M1')).rejects.toMatchObject({ kind: 'transient' });
  });

  it('people in Zoom are found by id and by e-mail address', async () => {
    const { connection } = target(bench.url);
    const ben = { id: 'BenzUser0zUser0zUser0z', name: 'Ben Baker', email: 'ben@example.com' };
    expect(await zoom.people?.byEmail?.('ben@example.com', connection, sendContext(bench.http))).toMatchObject(ben);
    expect(await zoom.people?.byId?.(ben.id, connection, sendContext(bench.http))).toMatchObject(ben);
    expect(await zoom.people?.byId?.('nobody', connection, sendContext(bench.http))).toBeUndefined();
  });

  it('our own post is ignored when it comes back, whichever user the connection names', async () => {
    const out = sampleOutgoing(target(bench.url, channel_id));
    await attempt(zoom, out, sendContext(bench.http));
    const { message: text = '' } = (await held(bench, channel_id)).at(-1) ?? {};
    expect(await read(envelope(posted, { ...message, message: text }))).toEqual({ ignored: 'own_post' });
  });
});

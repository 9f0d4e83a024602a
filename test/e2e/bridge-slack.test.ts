import { createHmac } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';

const [one, two, three] = ['C0ONE', 'C0TWO', 'C0SIX'] as const;
const secret = 'a-signing-secret';

let stack: Stack;
let rooms: Rooms;

beforeAll(async () => {
  stack = await startStack();
  rooms = roomsAt(stack.simulators);
  await stack.must('POST', '/v1/connections', {
    id: 'acme',
    connector: 'slack',
    settings: {
      botToken: 'xoxb-1-2-abc',
      signingSecrets: ['an-old-one', secret],
      baseUrl: `${stack.simulators}/slack/api/`,
    },
  });
  const members = [];
  for (const channel of [one, two, three]) {
    const id = channel.toLowerCase();
    await stack.must('POST', '/v1/destinations', { id, connection: 'acme', address: { channel } });
    members.push(id);
  }
  await stack.must('POST', '/v1/bridges', { id: 'war-room', members });
  await rooms.control('slack', 'subscribe', { subscriptions: [{ url: `${stack.url}/hooks/acme`, secret }] });
}, 120_000);
afterAll(() => stack.close());

/** Returns the message of a room whose text matches, as soon as there is one. */
const seen = (room: string, markup: RegExp | string) =>
  eventually(`"${markup}" is in ${room}`, async () =>
    (await rooms.read('slack', room)).find((message) =>
      typeof markup === 'string' ? message.markup === markup : markup.test(message.markup),
    ),
  );

describe('a bridge of three rooms', () => {
  it('a message in one room of a bridge is shown in all others, once, with its author and platform', async () => {
    await rooms.act('slack', { room: one, user: 'ann', text: 'hello there' });
    for (const room of [two, three])
      expect(await seen(room, 'hello there')).toMatchObject({ by: 'Ann Archer (Slack)', isBot: true, thread: null });
    expect((await rooms.read('slack', one)).filter(({ markup }) => markup === 'hello there')).toHaveLength(1);
  });

  it('a reply in any room of a bridge goes into the thread in all rooms', async () => {
    await rooms.act('slack', { room: one, user: 'ann', text: 'what now?' });
    const copy = await seen(two, 'what now?');
    await rooms.act('slack', { room: two, user: 'ben', text: 'nothing', thread: copy.id });
    const origin = await seen(one, 'what now?');
    expect(await seen(one, 'nothing')).toMatchObject({ thread: origin.id, by: 'Ben Baker (Slack)' });
    expect(await seen(three, 'nothing')).toMatchObject({ thread: (await seen(three, 'what now?')).id });
  });

  it('a bridge of three rooms copies edits and deletions to all rooms', async () => {
    const { id } = await rooms.act('slack', { room: one, text: 'first' });
    await seen(two, 'first');
    await rooms.act('slack', { do: 'edit', room: one, id, text: 'second' });
    for (const room of [two, three]) expect(await seen(room, 'second')).toMatchObject({ edited: true });
    await rooms.act('slack', { do: 'delete', room: one, id });
    for (const room of [two, three])
      await eventually(`it is gone from ${room}`, async () => (await seen(room, 'second')).deleted);
  });

  it('a bridge shows equal reactions as one on each side, until the last person removes theirs', async () => {
    const { id } = await rooms.act('slack', { room: one, text: 'ship it?' });
    const copy = await seen(two, 'ship it?');
    const emoji = '👍';
    await rooms.act('slack', { do: 'react', room: one, id, user: 'ben', emoji });
    await rooms.act('slack', { do: 'react', room: one, id, user: 'cleo', emoji });
    await eventually('the others show it', async () => (await seen(three, 'ship it?')).reactions[emoji]?.length === 1);
    await rooms.act('slack', { do: 'react', room: two, id: copy.id, user: 'ann', emoji: '🎉' });
    await eventually('so does the first room', async () => (await seen(one, 'ship it?')).reactions['🎉']?.length === 1);
    for (const user of ['ben', 'cleo'] as const)
      await rooms.act('slack', { do: 'unreact', room: one, id, user, emoji });
    await eventually('it is gone', async () => (await seen(three, 'ship it?')).reactions[emoji] === undefined);
  });

  it('a bridge mentions the person who is mentioned, and never because of text', async () => {
    const content = [{ text: 'see ' }, { text: '', mention: 'ben' as const }, { text: ' and <@U0CLEO> <!here>' }];
    await rooms.act('slack', { room: one, content });
    expect((await seen(two, /^see /)).mentions).toEqual(['ben']);
  });

  it('a bridge doubles nothing when every event comes three times and once more later', async () => {
    await rooms.outbox('slack', { copies: 3 });
    await rooms.act('slack', { room: one, text: 'only once' });
    await seen(two, 'only once');
    await rooms.outbox('slack', { copies: 1, repeat: true });
    await rooms.act('slack', { room: one, text: 'the last word' });
    await seen(two, 'the last word');
    const texts = (await rooms.read('slack', two)).map(({ markup }) => markup);
    expect(texts.filter((text) => text === 'only once')).toHaveLength(1);
    expect(texts.filter((text) => text === 'hello there')).toHaveLength(1);
  });

  it('a bridge ends the same when replies, edits and deletions come before their original', async () => {
    await rooms.outbox('slack', { held: true });
    const root = await rooms.act('slack', { room: one, text: 'root of all' });
    await rooms.act('slack', { room: one, text: 'leaf', thread: root.id });
    const edited = await rooms.act('slack', { room: one, text: 'not yet' });
    await rooms.act('slack', { do: 'edit', room: one, id: edited.id, text: 'edited early' });
    const deleted = await rooms.act('slack', { room: one, text: 'never mind' });
    await rooms.act('slack', { do: 'delete', room: one, id: deleted.id });
    await rooms.outbox('slack', { held: false, release: 'reversed' });
    expect(await seen(two, 'leaf')).toMatchObject({ thread: (await seen(two, 'root of all')).id });
    await seen(two, 'edited early');
    await eventually('nothing is left of what was deleted', async () => {
      const texts = (await rooms.read('slack', two)).filter((message) => !message.deleted).map(({ markup }) => markup);
      return !texts.includes('never mind') && !texts.includes('not yet');
    });
  });
});

it('an event with neither text nor files is not copied, and parks nothing', async () => {
  const event = { type: 'message', channel: one, user: 'U0ANN', ts: '1700000000.000100', text: '' };
  const body = JSON.stringify({ type: 'event_callback', api_app_id: 'A1', event_id: 'Ev1', event });
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${signature}`,
  };
  expect((await fetch(`${stack.url}/hooks/acme`, { method: 'POST', headers, body })).status).toBe(200);
  const code = await eventually('it is passed over', async () => {
    const [row] = await stack.sql<{ code: string | null }[]>`
      select reason->>'code' as code from inbox where state = 'ignored' order by id desc limit 1`;
    return row?.code === 'no_content' ? row.code : undefined;
  });
  expect(code).toBe('no_content');
});

it('a message whose format is refused is sent once more as plain text, and the delivery says so', async () => {
  await stack.fault('slack', { path: 'chat.postMessage', status: 200, body: { ok: false, error: 'invalid_blocks' } });
  const { id } = await stack.post({ text: 'so **very** bold', destinations: ['c0one'] });
  const { deliveries } = await stack.rest(id);
  expect(deliveries).toMatchObject([{ state: 'delivered', attempts: 1, degraded: [{ code: 'plain_text' }] }]);
  expect(await seen(one, 'so very bold')).toMatchObject({ isBot: true });
});

it('a delivery says which formats of the text its platform does not have', async () => {
  const { id } = await stack.post({ text: 'as it is:\n\n| a | b |\n| - | - |\n| 1 | 2 |', destinations: ['c0one'] });
  const { deliveries } = await stack.rest(id);
  const message = 'On Slack tables are code blocks.';
  expect(deliveries).toMatchObject([{ state: 'delivered', degraded: [{ code: 'forms_lost', message }] }]);
});

it('a message that is refused as plain text too is parked with the second reason', async () => {
  await stack.fault('slack', {
    path: 'chat.postMessage',
    status: 200,
    body: { ok: false, error: 'invalid_blocks' },
    times: 2,
  });
  const { id } = await stack.post({ text: 'never **bold**', destinations: ['c0one'] });
  expect((await stack.rest(id)).deliveries).toMatchObject([{ state: 'parked', reason: { code: 'invalid_blocks' } }]);
});

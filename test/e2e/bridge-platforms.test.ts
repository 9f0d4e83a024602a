import { settings } from '../support/google-chat.ts';
import { eventually } from '../support/eventually.ts';
import { googleChat } from '../support/platforms/google-chat.ts';
import { matrix } from '../support/platforms/matrix.ts';
import { msteams } from '../support/platforms/msteams.ts';
import type { Platform } from '../support/platforms/platform.ts';
import { slack } from '../support/platforms/slack.ts';
import { webex } from '../support/platforms/webex.ts';
import { recordHistories } from '../support/record-histories.ts';
import type { Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { bridge } from '../suites/bridge-suite.ts';

let stack: Stack;
let rooms: Rooms;

/** What only one platform has. `six-rooms` tests what all platforms have. Each platform has its own bridge to Slack. */
beforeAll(async () => {
  stack = await startStack();
  for (const platform of [matrix, msteams, webex, googleChat])
    rooms = await bridge(stack, [slack, platform], `${platform.connector.name}-special`);
}, 120_000);
afterAll(async () => {
  const [fetched] = await stack.sql<{ id: string }[]>`
    select id from inbox where connection = 'webex' and kind = 'created' and state = 'routed' order by id limit 1`;
  await recordHistories(stack.temporal, new Map([['fetched', `event:${fetched?.id}`]]));
  await stack.close();
});

const seen = (platform: Platform, room: string, text: string) =>
  eventually(`"${text}" is seen on ${platform.connector.name}`, async () =>
    (await rooms.read(platform.connector.name, platform.room(room))).find(
      ({ markup, deleted }) => markup.includes(text) && !deleted,
    ),
  );

describe('a bridge to Matrix', () => {
  const room = `${matrix.connector.name}-special`;
  it('a bridge shows a person on Matrix as a user of their own', async () => {
    await rooms.act('slack', { room: slack.room(room), text: 'who am I?' });
    expect(await seen(matrix, room, 'who am I?')).toMatchObject({ by: 'Ann Archer (Slack)' });
  });

  it("a bridge keeps a reaction until the last person removes it, and ignores edits of others' messages", async () => {
    const { id } = await rooms.act('matrix', { room: matrix.room(room), text: 'ship it' });
    await seen(slack, room, 'ship it');
    const react = (user: 'ben' | 'cleo', what: 'react' | 'unreact') =>
      rooms.act('matrix', { do: what, room: matrix.room(room), id, user, emoji: '🎉' });
    await react('ben', 'react');
    await react('cleo', 'react');
    const shown = async () => (await seen(slack, room, 'ship it')).reactions['🎉'] !== undefined;
    await eventually('it is shown', shown);
    await react('ben', 'unreact');
    await rooms.act('matrix', { do: 'edit', room: matrix.room(room), id, user: 'cleo', text: 'sink it' });
    await rooms.act('matrix', { room: matrix.room(room), text: 'after that' });
    await seen(slack, room, 'after that');
    expect(await shown()).toBe(true);
    await react('cleo', 'unreact');
    await eventually('it is gone', async () => !(await shown()));
    const texts = (await rooms.read('slack', slack.room(room))).map(({ markup }) => markup);
    expect(texts).toContain('ship it');
    expect(texts).not.toContain('sink it');
  });
});

describe('a bridge to Microsoft Teams', () => {
  const room = `${msteams.connector.name}-special`;
  const inSlack = (text: string) => seen(slack, room, text);
  it('a bridge shows a reaction from Teams in Slack, but not a reaction from Slack in Teams', async () => {
    const { id } = await rooms.act('msteams', { room: msteams.room(room), text: 'like this' });
    const copy = await inSlack('like this');
    await rooms.act('msteams', { do: 'react', room: msteams.room(room), id, user: 'ben', emoji: '👍' });
    await eventually('it is shown', async () => (await inSlack('like this')).reactions['👍']?.length === 1);
    await rooms.act('slack', { do: 'react', room: slack.room(room), id: copy.id, user: 'ann', emoji: '🎉' });
    await rooms.act('msteams', { do: 'unreact', room: msteams.room(room), id, user: 'ben', emoji: '👍' });
    await eventually('it is gone', async () => (await inSlack('like this')).reactions['👍'] === undefined);
    const here = (await rooms.read('msteams', msteams.room(room))).find((message) => message.id === id);
    expect(here?.reactions).toEqual({});
  });
});

describe('a bridge to Webex', () => {
  const room = `${webex.connector.name}-special`;
  const inSlack = (text: string) => seen(slack, room, text);

  it('a bridge copies an edit that Webex reports as one more new message', async () => {
    const old = { url: `${stack.url}/hooks/webex`, secret: 'a-webhook-secret', editsAs: 'created' };
    await rooms.control('webex', 'subscribe', { subscriptions: [old] });
    const { id } = await rooms.act('webex', { room: webex.room(room), text: 'as it was said' });
    const copy = await inSlack('as it was said');
    await rooms.act('webex', { do: 'edit', room: webex.room(room), id, text: 'as it was meant' });
    expect((await inSlack('as it was meant')).id).toBe(copy.id);
    await webex.subscribe(rooms, old.url);
  });

  it('a bridge does not copy back its own post to Webex whose answer was lost', async () => {
    const fault = { path: '/v1/messages', match: 'lost answer', mode: 'reset-after' };
    await fetch(`${stack.simulators}/_sim/webex/faults`, { method: 'POST', body: JSON.stringify(fault) });
    await rooms.act('slack', { room: slack.room(room), text: 'lost answer' });
    const copies = async () =>
      (await rooms.read('webex', webex.room(room))).filter(({ markup }) => markup.includes('lost answer'));
    await eventually('it is there', async () => (await copies()).length > 0);
    await eventually('its event was taken', async () =>
      (await rooms.hooks('webex')).every(({ state }) => state === 'taken'),
    );
    await eventually('it is known as ours', async () => {
      const [row] = await stack.sql`
        select count(*)::int as known from inbox where connection = 'webex' and state = 'ignored' and reason->>'code' = 'own_post'`;
      const [open] = await stack.sql`
        select count(*)::int as left from inbox where connection = 'webex' and state in ('received', 'fetching')`;
      return Number(row?.['known']) > 0 && Number(open?.['left']) === 0;
    });
    const shown = (await rooms.read('slack', slack.room(room))).filter(({ markup }) => markup.includes('lost answer'));
    expect(shown).toHaveLength(1);
  });
});

describe('a bridge to Google Chat', () => {
  const room = `${googleChat.connector.name}-special`;
  const space = googleChat.room(room);

  it('a message that Google Chat reports by the app and by Pub/Sub is copied once', async () => {
    const url = `${stack.url}/hooks/google-chat`;
    const { pushAudience, pushServiceAccount: email, audience } = settings('');
    const subscriptions = [
      { url, kind: 'push', audience: pushAudience, email },
      { url, kind: 'classic', audience },
    ];
    await rooms.control('google-chat', 'subscribe', { subscriptions });
    await rooms.act('google-chat', { room: space, text: '@Carillon both ways' });
    await seen(slack, room, 'both ways');
    await rooms.act('google-chat', { room: space, text: 'the last word' });
    await seen(slack, room, 'the last word');
    await eventually('both were taken', async () => {
      const hooks = await rooms.hooks('google-chat');
      const asked = hooks.filter(({ body }) => body.includes('@Carillon both ways'));
      return asked.length === 1 && hooks.every(({ state }) => state === 'taken');
    });
    const all = await rooms.read('slack', slack.room(room));
    expect(all.filter(({ markup }) => markup.includes('both ways'))).toHaveLength(1);
  });
});

import { readFileSync } from 'node:fs';
import { arrivedIn, before, deedsOn, doAll, fileName, type Arrived } from '../suites/outage-suite.ts';
import { eventually } from '../support/eventually.ts';
import { platforms } from '../support/platforms/index.ts';
import { matrix } from '../support/platforms/matrix.ts';
import { msteams } from '../support/platforms/msteams.ts';
import { slack } from '../support/platforms/slack.ts';
import { webex } from '../support/platforms/webex.ts';
import { zoom } from '../support/platforms/zoom.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';

/**
 * The waits between attempts are divided by this. Zoom's hour, within which the API must be back, becomes 24 seconds.
 */
const speed = 150;

interface Row extends Arrived {
  readonly said: number;
  /** How many of the events that the platform sent again were accepted. */
  readonly redelivered: number;
  readonly read: number;
  readonly unknowable: string;
}

/** What each platform gives back after half an hour. docs/bridging.md has the same table. */
const all = { said: 50, inOrder: true, doubled: 0 };
const whole = { ...all, arrived: 36, edits: '5 of 5', deletes: '3 of 3', reactions: '4 of 4' };
const expected: Readonly<Record<string, Omit<Row, 'unknowable'>>> = {
  slack: { ...all, redelivered: 0, read: 44, arrived: 36, edits: '5 of 5', deletes: '2 of 3', reactions: '3 of 4' },
  msteams: { ...whole, redelivered: 0, read: 48 },
  webex: { ...all, redelivered: 0, read: 45, arrived: 40, edits: '5 of 5', deletes: '2 of 3', reactions: 'none' },
  'google-chat': { ...whole, redelivered: 50, read: 50 },
  zoom: { ...whole, redelivered: 50, read: 44 },
  matrix: { ...whole, redelivered: 50, read: 48 },
};

let stack: Stack;
let rooms: Rooms;

const nameOf = (one: (typeof platforms)[number]): string => one.connector.name;
const there = (name: string): string => matrix.room(`there-${name}`);

beforeAll(async () => {
  stack = await startStack();
  rooms = roomsAt(stack.simulators);
  for (const platform of [...platforms].reverse()) {
    const name = nameOf(platform);
    const settings = platform.settings(stack.simulators);
    await stack.must('PUT', `/v1/connections/${name}`, { connector: name, settings });
    await stack.must('PUT', `/v1/destinations/${name}-here`, { connection: name, address: platform.address('here') });
    const address = matrix.address(`there-${name}`);
    await stack.must('PUT', `/v1/destinations/${name}-there`, { connection: 'matrix', address });
    await stack.must('PUT', `/v1/bridges/${name}`, { members: [`${name}-here`, `${name}-there`], order: 'room' });
    await platform.subscribe(rooms, `${stack.url}/hooks/${name}`);
    await rooms.outbox(name, { speed });
  }
}, 120_000);
afterAll(() => stack.close());

/** Returns the events that a platform has sent for its room, without its first `since` events. */
async function hooksOf(platform: (typeof platforms)[number], since: number) {
  const hooks = await rooms.hooks(nameOf(platform));
  return hooks.slice(since).filter(({ body }) => body.includes(platform.room('here')));
}

it('after half an hour without an API each room has what its platform gives back, in order and once', async () => {
  const ids = new Map(platforms.map((one) => [nameOf(one), new Map<string, string>()]));
  const idsOf = (name: string) => ids.get(name) ?? new Map<string, string>();
  for (const platform of platforms)
    for (const text of before) {
      const room = platform.room('here');
      const { id } = await rooms.act(nameOf(platform), { room, text: `${text} hello`, minutesAgo: 40 });
      idsOf(nameOf(platform)).set(text, id);
    }
  for (const platform of platforms)
    await eventually(`${nameOf(platform)} is heard`, async () => {
      const found = await rooms.read('matrix', there(nameOf(platform)));
      return before.every((text) => found.some(({ markup }) => markup.includes(text)));
    });

  await stack.stopApi();
  for (const platform of platforms) await rooms.outbox(nameOf(platform), { held: true });
  const firsts = new Map<string, number>();
  for (const platform of platforms) firsts.set(nameOf(platform), (await rooms.hooks(nameOf(platform))).length);
  await Promise.all(
    platforms.map((platform) => {
      const connector = nameOf(platform);
      const at = { rooms, connector, room: platform.room('here'), ids: idsOf(connector) };
      return doAll(deedsOn(platform), at);
    }),
  );
  // All events are released at once, so that the first one is not sent for the last time before the API is back.
  for (const platform of platforms) await rooms.outbox(nameOf(platform), { held: false, release: 'same' });
  const missed = (platform: (typeof platforms)[number]) => hooksOf(platform, firsts.get(nameOf(platform)) ?? 0);
  // After half an hour Zoom has tried three times, the last time after 25 minutes, and the others as often as they ever
  // do.
  await eventually('half an hour is over', async () => {
    for (const platform of [slack, msteams, webex])
      if ((await missed(platform)).some(({ state }) => state !== 'given-up')) return false;
    return (await missed(zoom)).every(({ attempts }) => attempts.length >= 3);
  });
  await stack.sql`update hearing set last_at = clock_timestamp() - interval '30 minutes'`;
  await stack.startApi();

  interface Report {
    readonly destination: string;
    readonly read: number;
    readonly lacks: readonly string[];
  }
  const [gap] = await eventually('the gap is closed', async () => {
    const rows = await stack.sql<{ report: Report[] }[]>`select report from gaps where done_at is not null`;
    return rows.length > 0 && rows;
  });
  await eventually(
    'every platform has done with what it sends again',
    async () => {
      for (const platform of platforms)
        if ((await missed(platform)).some(({ state }) => state !== 'taken' && state !== 'given-up')) return false;
      return true;
    },
    60_000,
  );
  const rowOf = async (platform: (typeof platforms)[number]): Promise<Row> => {
    const name = nameOf(platform);
    const report = gap?.report.find(({ destination }) => destination === `${name}-here`);
    const deeds = deedsOn(platform);
    return {
      said: deeds.length,
      redelivered: (await missed(platform)).filter(({ state }) => state === 'taken').length,
      read: report?.read ?? 0,
      ...(await arrivedIn(there(name), deeds, rooms)),
      unknowable: report?.lacks.join(' ') || 'nothing',
    };
  };
  await eventually(
    'all is routed and delivered',
    async () => {
      const [left] = await stack.sql<{ events: number; deliveries: number }[]>`
        select (select count(*)::int from inbox where state in ('received', 'fetching')) as events,
          (select count(*)::int from deliveries where state not in ('delivered', 'skipped', 'cancelled')) as deliveries`;
      return left?.events === 0 && left.deliveries === 0;
    },
    60_000,
  );
  const rows = new Map<string, Row>();
  for (const platform of platforms) rows.set(platform.connector.title, await rowOf(platform));
  const heading =
    'platform, said, sent again and taken, read from history, arrived, in order, doubled, edits, deletes, reactions, cannot be known';
  const lines = [...rows].map(([title, row]) => {
    const { said, redelivered, read, arrived, inOrder, doubled, edits, deletes, reactions, unknowable } = row;
    const order = inOrder ? 'yes' : 'no';
    return [title, said, redelivered, read, arrived, order, doubled, edits, deletes, reactions, unknowable].join(' | ');
  });
  process.stdout.write(`${[heading.replaceAll(', ', ' | '), ...lines].join('\n')}\n`);
  for (const platform of platforms)
    expect({ platform: nameOf(platform), ...rows.get(platform.connector.title) }).toMatchObject({
      platform: nameOf(platform),
      ...expected[nameOf(platform)],
    });
  // Copies that Carillon posted are not read from a history as messages.
  expect(gap?.report.filter(({ destination, read }) => destination.endsWith('-there') && read > 0)).toEqual([]);
  // Graph's history names the page of a file and not where it can be downloaded, so the file is linked.
  for (const platform of platforms) {
    const found = await rooms.read('matrix', there(nameOf(platform)));
    const isLinked = found.some(({ markup }) => markup.includes('m12') && markup.includes(fileName));
    const handedOn = found.flatMap(({ files }) => files.map(({ name }) => name));
    expect([nameOf(platform), isLinked, ...handedOn]).toEqual(
      platform === msteams ? [nameOf(platform), true] : [nameOf(platform), false, fileName],
    );
  }
  const documented = readFileSync('docs/bridging.md', 'utf8').replaceAll(/ +/g, ' ');
  for (const line of lines) expect(documented).toContain(`| ${line} |`);
}, 180_000);

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { slack } from '../support/platforms/slack.ts';
import { eventually } from '../support/eventually.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { bridgeSuite } from '../suites/bridge-suite.ts';

let stack: Stack;
let rooms: Rooms;
const folder = mkdtempSync(join(tmpdir(), 'identities-'));
const file = join(folder, 'people.yaml');

/** Two workspaces, each with its own bot. The people are the same in both and are found by their e-mail addresses. */
beforeAll(async () => {
  writeFileSync(file, '- { id: dora, name: Dora, accounts: [{ connection: acme, person: U0DORA }] }');
  stack = await startStack({ env: { CARILLON_IDENTITIES_FILE: file } });
  rooms = roomsAt(stack.simulators);
  for (const id of ['acme', 'umbrella']) {
    const settings = { ...slack.settings(stack.simulators), botToken: `xoxb-1-${id}-abc` };
    await stack.must('PUT', `/v1/connections/${id}`, { connector: 'slack', settings });
    await stack.must('PUT', `/v1/destinations/${id}`, { connection: id, address: slack.address(id) });
  }
  await stack.must('PUT', '/v1/bridges/both', { members: ['acme', 'umbrella'] });
  const subscriptions = ['acme', 'umbrella'].map((id) => ({
    url: `${stack.url}/hooks/${id}`,
    secret: 'a-signing-secret',
  }));
  await rooms.control('slack', 'subscribe', { subscriptions });
}, 120_000);
afterAll(async () => {
  await stack.close();
  rmSync(folder, { recursive: true });
});

const room = (id: string) => slack.room(id);
const seen = (text: string) =>
  eventually(`"${text}" is seen`, async () =>
    (await rooms.read('slack', room('umbrella'))).find(({ markup }) => markup.startsWith(text)),
  );
const mention = (text: string) =>
  rooms.act('slack', { room: room('acme'), content: [{ text: `${text} ` }, { text: '', mention: 'ben' }] });

it('the identities of the file are there when the API is ready', async () => {
  expect(await stack.must('GET', '/v1/identities/dora')).toMatchObject({
    name: 'Dora',
    accounts: [{ connection: 'acme', person: 'U0DORA' }],
  });
});

it('a person is mentioned in another workspace by their e-mail address', async () => {
  await mention('by address');
  expect((await seen('by address')).mentions).toEqual(['ben']);
});

it('an identity from the API outranks the e-mail address of a person', async () => {
  const accounts = [
    { connection: 'acme', person: 'U0BEN' },
    { connection: 'umbrella', person: 'U0CLEO' },
  ];
  await stack.must('PUT', '/v1/identities/ben', { accounts });
  await mention('by word');
  expect((await seen('by word')).mentions).toEqual(['cleo']);
  await stack.must('DELETE', '/v1/identities/ben');
});

it('while the platform cannot say who is mentioned, the message goes out with the name as text', async () => {
  await stack.sql`delete from people`;
  await stack.fault('slack', { path: 'users.', status: 503, times: 0 });
  await mention('by name');
  expect(await seen('by name')).toMatchObject({ mentions: [], by: 'Somebody (Slack)' });
  await stack.clearFaults('slack');
});

it('no e-mail address is in the clear in the database', async () => {
  const [row] = await stack.sql<{ text: string }[]>`
    select string_agg(t, ' ') as text from (
      select p::text as t from people p union all select m::text from messages m union all select d::text from deliveries d
      union all select i::text from inbox i union all select e::text from events e) all_rows`;
  expect(row?.text).not.toContain('@example.com');
});

bridgeSuite(
  slack,
  [slack],
  () => ({ rooms, room: 'acme', to: 'umbrella' }),
  () => 'a bridge between two workspaces of one platform',
);

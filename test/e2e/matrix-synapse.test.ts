import { eventually } from '../support/eventually.ts';
import { slack } from '../support/platforms/slack.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { startSynapse, synapseServer, type MatrixUser, type Synapse } from '../support/synapse.ts';

/** An event as a client gets it. */
interface Event {
  readonly event_id: string;
  readonly type: string;
  readonly sender: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly unsigned?: { readonly redacted_because?: object };
}

let stack: Stack;
let synapse: Synapse;
let rooms: Rooms;
let ann: MatrixUser;
let room: string;
let txn = 0;

const [asToken, hsToken] = ['as-a-real-token', 'hs-a-real-token'];
const slackRoom = slack.room('real');

beforeAll(async () => {
  stack = await startStack();
  rooms = roomsAt(stack.simulators);
  const hook = `${stack.url}/hooks/matrix`;
  synapse = await startSynapse({ url: hook, asToken, hsToken });
  ann = await synapse.user('ann');
  const bot = `@carillon:${synapseServer}`;
  // Only invited users may join. The bot invites its ghosts.
  const created = await ann.call('POST', '/v3/createRoom', { preset: 'private_chat', invite: [bot] });
  room = String(created['room_id']);
  const settings = {
    homeserver: synapse.url,
    asToken,
    hsTokens: [hsToken],
    serverName: synapseServer,
    senderLocalpart: 'carillon',
  };
  await stack.must('PUT', '/v1/connections/matrix', { connector: 'matrix', settings });
  await stack.must('PUT', '/v1/connections/slack', { connector: 'slack', settings: slack.settings(stack.simulators) });
  await stack.must('PUT', '/v1/destinations/real-matrix', { connection: 'matrix', address: { room } });
  await stack.must('PUT', '/v1/destinations/real-slack', { connection: 'slack', address: slack.address('real') });
  await stack.must('PUT', '/v1/bridges/real', { members: ['real-matrix', 'real-slack'], order: 'room' });
  await slack.subscribe(rooms, `${stack.url}/hooks/slack`);
}, 300_000);
afterAll(async () => {
  await synapse?.stop();
  await stack?.close();
});

const at = (id: string): string => `/v3/rooms/${encodeURIComponent(id)}`;
async function send(type: string, content: object): Promise<string> {
  const { event_id: id } = await ann.call('PUT', `${at(room)}/send/${type}/t${(txn += 1)}`, content);
  return String(id);
}
const say = (body: string, more: object = {}) => send('m.room.message', { msgtype: 'm.text', body, ...more });
const redact = (id: string) => ann.call('PUT', `${at(room)}/redact/${encodeURIComponent(id)}/t${(txn += 1)}`, {});
const events = async (): Promise<Event[]> =>
  (await ann.call('GET', `${at(room)}/messages?dir=b&limit=500`))['chunk'] as Event[];
const onMatrix = (text: string) =>
  eventually(`"${text}" is on Matrix`, async () =>
    (await events()).find(({ type, content }) => type === 'm.room.message' && content['body'] === text),
  );
const onSlack = (text: string) =>
  eventually(`"${text}" is on Slack`, async () =>
    (await rooms.read('slack', slackRoom)).find(({ markup, deleted }) => markup === text && !deleted),
  );
const slackSays = async (text: string, more: object = {}) =>
  (await rooms.act('slack', { room: slackRoom, text, ...more })).id;
const relates = ({ content }: Event) => (content['m.relates_to'] ?? {}) as Record<string, unknown>;

describe('a bridge to a real homeserver', () => {
  it('a bridge to Synapse posts as a ghost of the author, once the room has let it in', async () => {
    await slackSays('hello from slack', { user: 'ben' });
    const { sender } = await onMatrix('hello from slack');
    expect(sender).toMatch(/^@carillon_slack_/);
    expect(await ann.call('GET', `/v3/profile/${encodeURIComponent(sender)}`)).toMatchObject({
      displayname: 'Ben Baker (Slack)',
    });
  });

  it('a bridge to Synapse copies messages with the names of their authors', async () => {
    await say('hello from matrix');
    expect(await onSlack('hello from matrix')).toMatchObject({ by: 'ann (Matrix)' });
  });

  it('a bridge to Synapse keeps threads together from both sides', async () => {
    const root = await slackSays('root on slack');
    const copy = await onMatrix('root on slack');
    await slackSays('reply on slack', { thread: root });
    expect(relates(await onMatrix('reply on slack'))).toMatchObject({ rel_type: 'm.thread', event_id: copy.event_id });
    const reply = { 'm.relates_to': { 'm.in_reply_to': { event_id: copy.event_id } } };
    await say('plain reply on matrix', reply);
    expect((await onSlack('plain reply on matrix')).thread).toBe(root);
  });

  it('a bridge to Synapse copies edits and redactions from both sides', async () => {
    const id = await slackSays('before');
    const copy = await onMatrix('before');
    await rooms.act('slack', { do: 'edit', room: slackRoom, id, text: 'after' });
    const edit = await onMatrix('* after');
    expect(relates(edit)).toEqual({ rel_type: 'm.replace', event_id: copy.event_id });
    expect(edit.sender).toBe(copy.sender);
    await rooms.act('slack', { do: 'delete', room: slackRoom, id });
    const read = () => ann.call('GET', `${at(room)}/event/${encodeURIComponent(copy.event_id)}`);
    await eventually(
      'it is redacted',
      async () =>
        (await read())['content'] !== undefined && Object.keys((await read())['content'] as object).length === 0,
    );

    const said = await say('first');
    await onSlack('first');
    const content = { msgtype: 'm.text', body: 'second' };
    await say('* second', { 'm.new_content': content, 'm.relates_to': { rel_type: 'm.replace', event_id: said } });
    await onSlack('second');
    await redact(said);
    await eventually('it is gone', async () =>
      (await rooms.read('slack', slackRoom)).every(({ markup, deleted }) => markup !== 'second' || deleted),
    );
  });

  it('a bridge to Synapse copies reactions and their removal from both sides', async () => {
    const id = await slackSays('react to this');
    const copy = await onMatrix('react to this');
    await rooms.act('slack', { do: 'react', room: slackRoom, id, user: 'ben', emoji: '👍' });
    const standing = async () =>
      (await events()).filter((one) => one.type === 'm.reaction' && relates(one)['event_id'] === copy.event_id);
    const [reaction] = await eventually('it is there', async () =>
      (await standing()).length === 1 ? standing() : undefined,
    );
    expect(reaction?.sender).toBe(`@carillon:${synapseServer}`);
    await rooms.act('slack', { do: 'unreact', room: slackRoom, id, user: 'ben', emoji: '👍' });
    await eventually('it is gone', async () => (await standing()).length === 0);

    const relation = { rel_type: 'm.annotation', event_id: copy.event_id, key: '🎉' };
    const own = await send('m.reaction', { 'm.relates_to': relation });
    const shown = async () => (await onSlack('react to this')).reactions['🎉'] !== undefined;
    await eventually('Slack shows it', shown);
    await redact(own);
    await eventually('Slack shows it no more', async () => !(await shown()));
  });

  it('Synapse makes one event of one delivery, however often its transaction is sent', async () => {
    await slackSays('only one of me');
    const { event_id: id, sender, content } = await onMatrix('only one of me');
    const delivery = String(content['com.carillon.delivery']);
    const path = `${at(room)}/send/m.room.message/${delivery}?user_id=${encodeURIComponent(sender)}`;
    const answer = await fetch(`${synapse.url}/_matrix/client${path}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${asToken}` },
      body: JSON.stringify({ msgtype: 'm.text', body: 'only one of me' }),
    });
    expect(await answer.json()).toEqual({ event_id: id });
    expect((await events()).filter((one) => one.content['body'] === 'only one of me')).toHaveLength(1);
  });

  it('a bridge to Synapse gets the messages of an outage, in order and once', async () => {
    // The homeserver's token is unknown here, so it sends its events again until it is known: after 1, 2, 4 s …
    const { settings } = (await stack.must('GET', '/v1/connections/matrix')) as { settings: object };
    await stack.must('PUT', '/v1/connections/matrix', {
      connector: 'matrix',
      settings: { ...settings, hsTokens: ['another'] },
    });
    await eventually('it is refused', async () => {
      const ping = { method: 'POST', headers: { authorization: `Bearer ${asToken}` }, body: '{}' };
      return !(await fetch(`${synapse.url}/_matrix/client/v1/appservice/carillon/ping`, ping)).ok;
    });
    for (const text of ['late one', 'late two', 'late three']) await say(text);
    await stack.must('PUT', '/v1/connections/matrix', {
      connector: 'matrix',
      settings: { ...settings, hsTokens: [hsToken] },
    });
    await eventually(
      'they are there',
      async () => (await rooms.read('slack', slackRoom)).some(({ markup }) => markup === 'late three'),
      60_000,
    );
    const late = (await rooms.read('slack', slackRoom))
      .map(({ markup }) => markup)
      .filter((text) => text.startsWith('late '));
    expect(late).toEqual(['late one', 'late two', 'late three']);
  }, 90_000);
});

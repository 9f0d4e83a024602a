import { msteams } from '../../../src/connectors/msteams/index.ts';
import { inChannel, inChat, minute, secrets, startGraphHook, team, type GraphHook } from '../../support/graph-hook.ts';
import { channel, chat } from '../../support/msteams.ts';

interface Subscription {
  readonly id: string;
  readonly resource: string;
  readonly clientState: string;
  readonly expirationDateTime: string;
}

let hook: GraphHook;
beforeEach(async () => void (hook = await startGraphHook()));
afterEach(() => hook.stop());

const subscriptions = async () =>
  (await hook.bench.accepted<{ subscriptions: Subscription[] }>('msteams')).subscriptions;
const minutesLeft = async () =>
  (await subscriptions()).map(({ expirationDateTime }) =>
    Math.round((Date.parse(expirationDateTime) - Date.now()) / minute),
  );

describe('subscriptions to Microsoft Graph', () => {
  it('a channel and a chat get one subscription each for less than an hour, after the handshake', async () => {
    expect(await hook.keep([inChannel, inChat])).toMatchObject([
      { room: channel, did: 'created' },
      { room: chat, did: 'created' },
    ]);
    expect(hook.got.map(({ received }) => received)).toMatchObject([{ kind: 'answered' }, { kind: 'answered' }]);
    expect(await subscriptions()).toMatchObject([
      { resource: `/teams/${team}/channels/${encodeURIComponent(channel)}/messages` },
      { resource: `/chats/${encodeURIComponent(chat)}/messages` },
    ]);
    expect(JSON.stringify(await subscriptions())).not.toContain(secrets[0]);
    expect(await hook.keep([inChannel, inChat])).toMatchObject([{ did: 'nothing' }, { did: 'nothing' }]);
    expect(await minutesLeft()).toEqual([55, 55]);
  });

  it('subscriptions to Graph are renewed before they expire, and created again after they expired', async () => {
    await hook.keep([inChat]);
    const [first] = await subscriptions();
    const setClock = (ms: number) => hook.bench.control('msteams', 'clock', { aheadMs: ms });
    await setClock(39 * minute);
    expect(await hook.keep([inChat], 39 * minute)).toMatchObject([{ did: 'nothing' }]);
    await setClock(41 * minute);
    expect(await hook.keep([inChat], 41 * minute)).toMatchObject([{ did: 'renewed' }]);
    expect([await minutesLeft(), (await subscriptions())[0]?.id]).toEqual([[96], first?.id]);
    await setClock(100 * minute);
    expect(await subscriptions()).toEqual([]);
    expect(await hook.keep([inChat], 100 * minute)).toMatchObject([{ did: 'created' }]);
  });

  it('subscriptions to Graph are replaced when the secret changes, and ended when no bridge has the room', async () => {
    await hook.keep([inChannel, inChat]);
    hook.set({ notificationSecrets: ['a-secret-that-is-new', ...secrets] });
    expect(await hook.keep([inChat])).toMatchObject([{ did: 'replaced' }]);
    const [first, ...more] = await subscriptions();
    expect([first?.resource, more]).toEqual([`/chats/${encodeURIComponent(chat)}/messages`, []]);
    await hook.keep([]);
    expect(await subscriptions()).toEqual([]);
  });

  it('subscriptions that call another address are left alone', async () => {
    await hook.keep([inChat]);
    await msteams.inbound?.subscriptions?.keep(
      [],
      { ...hook.connection(), url: 'https://b.example/h' },
      hook.context(),
    );
    expect(await subscriptions()).toHaveLength(1);
  });

  it('subscriptions to Graph that cannot be made have a reason', async () => {
    const noTeam = { room: channel, address: { conversation: channel } };
    expect(await hook.keep([noTeam, inChat])).toMatchObject([{ failure: { code: 'no_team' } }, { did: 'created' }]);
    hook.set({ notificationSecrets: ['never-what-is-asked'], graphEvents: false });
    // The hook no longer answers the handshake, so Graph creates nothing.
    expect(await hook.keep([inChannel])).toMatchObject([
      { failure: { kind: 'permanent', code: 'graph_validationerror' } },
    ]);
    hook.set({ graphTenant: undefined });
    await expect(hook.keep([inChat])).rejects.toMatchObject({
      kind: 'permanent',
      code: 'no_graph',
      affects: 'connection',
    });
  });
});

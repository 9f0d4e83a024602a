import type { DemoClient } from './demo-client.ts';

/** A simulated room of the demo's bridge. These values are no secrets: the simulators run on this machine. */
interface DemoRoom {
  readonly connector: string;
  readonly title: string;
  /** The simulator's name of the room. */
  readonly room: string;
  readonly address: object;
  /**
   * @param simulators the URL of the simulators.
   * @param account what the simulator of the platform generated for this client. Empty for platforms without such
   * accounts.
   */
  settings(simulators: string, account: object): object;
  /** Tells the simulator to send its events to the hook. */
  subscription(hook: string): object;
}

const secret = 'demo-signing-secret';
const webexRoom = Buffer.from('ciscospark://us/ROOM/demo').toString('base64url');
const subscriptions = (url: string, more: object): object => ({ subscriptions: [{ url, ...more }] });

const rooms: readonly DemoRoom[] = [
  {
    connector: 'slack',
    title: 'Slack',
    room: 'C0DEMO',
    address: { channel: 'C0DEMO' },
    settings: (simulators) => ({
      botToken: 'xoxb-1-demo-room',
      signingSecrets: [secret],
      baseUrl: `${simulators}/slack/api/`,
    }),
    subscription: (url) => subscriptions(url, { secret }),
  },
  {
    connector: 'msteams',
    title: 'Microsoft Teams',
    room: '19:demo@thread.tacv2',
    address: { conversation: '19:demo@thread.tacv2' },
    settings: (simulators) => ({
      appId: 'demo-app',
      appPassword: 'demo-password',
      roster: '19:demo@thread.tacv2',
      tokenUrl: `${simulators}/msteams/login/`,
      openIdUrl: `${simulators}/msteams/openid/openidconfiguration`,
      serviceUrl: `${simulators}/msteams/service/`,
    }),
    subscription: (url) => subscriptions(url, { appId: 'demo-app' }),
  },
  {
    connector: 'webex',
    title: 'Webex',
    room: webexRoom,
    address: { roomId: webexRoom },
    settings: (simulators) => ({
      botToken: 'account-OTk4',
      webhookSecrets: [secret],
      baseUrl: `${simulators}/webex/v1/`,
    }),
    subscription: (url) => subscriptions(url, { secret }),
  },
  {
    connector: 'google-chat',
    title: 'Google Chat',
    room: 'spaces/AAAAdemo',
    address: { space: 'spaces/AAAAdemo' },
    settings: (simulators, account) => ({
      ...account,
      pushAudience: 'carillon-demo',
      pushServiceAccount: 'push@simulated.iam.gserviceaccount.com',
      baseUrl: `${simulators}/google-chat/v1/`,
      tokenUrl: `${simulators}/google-chat/token`,
      oidcKeysUrl: `${simulators}/google-chat/keys/jwks`,
      chatCertsUrl: `${simulators}/google-chat/keys/x509`,
    }),
    subscription: (url) =>
      subscriptions(url, { kind: 'push', audience: 'carillon-demo', email: 'push@simulated.iam.gserviceaccount.com' }),
  },
  {
    connector: 'zoom',
    title: 'Zoom Team Chat',
    room: '64656d6f64656d6f64656d6f64656d6f',
    address: { channel: '64656d6f64656d6f64656d6f64656d6f' },
    settings: (simulators) => ({
      accountId: 'DemoAccount',
      clientId: 'demo-client',
      clientSecret: 'demo-client-secret',
      secretTokens: [secret],
      user: 'carillon@example.com',
      baseUrl: `${simulators}/zoom/v2/`,
      fileUrl: `${simulators}/zoom/file/v2/`,
      tokenUrl: `${simulators}/zoom/oauth/token`,
    }),
    subscription: (url) => subscriptions(url, { secret }),
  },
  {
    connector: 'matrix',
    title: 'Matrix',
    room: '!demoAbC-_0',
    address: { room: '!demoAbC-_0' },
    settings: (simulators) => ({
      homeserver: `${simulators}/matrix/`,
      asToken: 'as_demo_token',
      hsTokens: ['hs-demo-token'],
      serverName: 'sim.example',
      senderLocalpart: 'carillon',
    }),
    subscription: (url) => subscriptions(url, { hsToken: 'hs-demo-token' }),
  },
];

/**
 * Bridges one simulated room of each platform: text that is typed into one on the simulators' page appears in the
 * others. What a user has changed since then is kept. The simulators are told each time, because they forget.
 */
export async function bridgeDemoRooms(
  client: DemoClient,
  { api, simulators, signal }: { readonly api: string; readonly simulators: string; readonly signal: AbortSignal },
): Promise<void> {
  const putOnce = async (path: string, body: object): Promise<void> => {
    if (!(await client.exists(path))) await client.put(path, body);
  };
  const tell = async (path: string, body: object): Promise<object> => {
    const answer = await fetch(`${simulators}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body), signal });
    if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}`);
    return (await answer.json()) as object;
  };
  for (const { connector, address, settings, subscription } of rooms) {
    const id = `demo-room-${connector}`;
    // Google gives the key of a service account to the user who creates it, and the simulator does the same.
    const account = connector === 'google-chat' ? await tell(`${connector}/account`, {}) : {};
    await putOnce(`/v1/connections/${id}`, { connector, settings: settings(simulators, account) });
    await putOnce(`/v1/destinations/${id}`, { connection: id, address });
    await tell(`${connector}/subscribe`, subscription(`${api}/hooks/${id}`));
  }
  await putOnce('/v1/bridges/demo-rooms', { members: rooms.map(({ connector }) => `demo-room-${connector}`) });
  await tell('rooms', { rooms: rooms.map(({ connector, title, room }) => ({ connector, title, room })) });
}

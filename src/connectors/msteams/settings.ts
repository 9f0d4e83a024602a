import type { Field } from '../contract/fields.ts';

export const teamsSettings = [
  {
    key: 'appId',
    label: 'App id',
    kind: 'text',
    required: true,
    pattern: '^[A-Za-z0-9-]+$',
    description: "The bot's Microsoft app id. Who calls `/hooks/{connection}` must hold a token that is meant for it.",
  },
  {
    key: 'appPassword',
    label: 'App password',
    kind: 'secret',
    required: true,
    description: 'A client secret of the app, for which access tokens are had.',
  },
  {
    key: 'tenant',
    label: 'Tenant',
    kind: 'text',
    required: false,
    default: 'botframework.com',
    pattern: '^[A-Za-z0-9.-]+$',
    description: 'Of the token: the id of the tenant where the bot is of one tenant only.',
  },
  {
    key: 'tokenUrl',
    label: 'Token URL',
    kind: 'url',
    required: false,
    default: 'https://login.microsoftonline.com/',
    description: 'Where access tokens are had; `{tenant}/oauth2/v2.0/token` is added.',
  },
  {
    key: 'openIdUrl',
    label: 'OpenID URL',
    kind: 'url',
    required: false,
    default: 'https://login.botframework.com/v1/.well-known/openidconfiguration',
    description: 'The document that names the keys by which activities are signed.',
  },
  {
    key: 'serviceUrl',
    label: 'Service URL',
    kind: 'url',
    required: false,
    default: 'https://smba.trafficmanager.net/teams/',
    description:
      'Of the bot connector; each activity names the one in use, such as `https://smba.trafficmanager.net/emea/`.',
  },
  {
    key: 'outgoingWebhookSecrets',
    label: 'Outgoing webhook tokens',
    kind: 'secrets',
    required: false,
    pattern: '^[A-Za-z0-9+/]+={0,2}$',
    description: 'Security tokens of outgoing webhooks, as Teams shows them (base64); several while one is changed.',
  },
  {
    key: 'roster',
    label: 'Roster',
    kind: 'text',
    required: false,
    pattern: '^[^\\s;]+$',
    description:
      'Id of a team or chat the bot is in: its members are known by name and e-mail address. Without it nobody is mentioned.',
  },
  {
    key: 'graphTenant',
    label: 'Tenant of Microsoft Graph',
    kind: 'text',
    required: false,
    pattern: '^[A-Za-z0-9.-]+$',
    description:
      'Id of the tenant in which the app may read messages by Microsoft Graph (`ChannelMessage.Read.All`, in chats `Chat.Read.All`). Without it nothing is read of what was said while nobody listened.',
  },
  {
    key: 'graphEvents',
    label: 'Events of Microsoft Graph',
    kind: 'flag',
    required: false,
    description:
      'True: Carillon subscribes by Microsoft Graph to each bridged channel and chat, and so hears all that is said there, not only what mentions the bot. Wants `graphTenant`, `notificationSecrets`, the `team` of a channel in its address, and `CARILLON_PUBLIC_URL`.',
  },
  {
    key: 'notificationSecrets',
    label: 'Notification secrets',
    kind: 'secrets',
    required: false,
    pattern: '^.{16,}$',
    description:
      'Texts of your own, 16 characters or more, by which notifications of Microsoft Graph are known for those that were asked for (`clientState` is made of the first); several while one is changed.',
  },
  {
    key: 'graphUrl',
    label: 'Graph URL',
    kind: 'url',
    required: false,
    default: 'https://graph.microsoft.com/v1.0/',
    description: 'Of Microsoft Graph; another one for a national cloud, a simulator or a proxy.',
  },
] as const satisfies readonly Field[];

export const teamsAddress = [
  {
    key: 'conversation',
    label: 'Conversation',
    kind: 'text',
    required: true,
    pattern: '^[^\\s;]+$',
    description: 'Id of a channel, such as `19:…@thread.tacv2`, or of a chat the bot is in; without `;messageid=`.',
  },
  {
    key: 'serviceUrl',
    label: 'Service URL',
    kind: 'url',
    required: false,
    description: "Of this conversation, where it is another than the connection's.",
  },
  {
    key: 'team',
    label: 'Team',
    kind: 'text',
    required: false,
    pattern: '^[A-Za-z0-9-]+$',
    description:
      "Id of the channel's team in the directory, such as `fbe2bf47-16c8-47cf-b4a5-4b9b187c508b`; for reading its history, and for `graphEvents`.",
  },
] as const satisfies readonly Field[];

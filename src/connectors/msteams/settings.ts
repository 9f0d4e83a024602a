import type { Field } from '../fields.ts';

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
] as const satisfies readonly Field[];

import type { Field } from '../contract/fields.ts';

export const webexSettings = [
  {
    key: 'botToken',
    label: 'Access token',
    kind: 'secret',
    required: true,
    pattern: '^[\\x21-\\x7e]+$',
    description:
      'Access token of a bot, or of an account made for this. In rooms of several people a bot is told only of messages that mention it; an account is told of all.',
  },
  {
    key: 'webhookSecrets',
    label: 'Webhook secrets',
    kind: 'secrets',
    required: false,
    description:
      'What the webhook was registered with as `secret`, for checking what Webex sends to `/hooks/{connection}`; several while one is changed.',
  },
  {
    key: 'keepWebhooks',
    label: 'Keep webhooks',
    kind: 'flag',
    required: false,
    description:
      'True: Carillon makes a webhook for each bridged room, with the first of the webhook secrets, and switches it on again when Webex has switched it off. Wants `CARILLON_PUBLIC_URL`. False, or not given: you make them.',
  },
  {
    key: 'signature',
    label: 'Signature',
    kind: 'text',
    required: false,
    default: 'sha1',
    pattern: '^(?:sha1|sha256)$',
    description:
      '`sha1`: HMAC-SHA1 in `X-Spark-Signature`, as Webex documents it. `sha256`: HMAC-SHA256 in `X-Webex-Signature`, which other clients report.',
  },
  {
    key: 'programs',
    label: 'Programs with accounts',
    kind: 'text',
    required: false,
    pattern: '^[^\\s,@]+@[^\\s,@]+(?:, ?[^\\s,@]+@[^\\s,@]+)*$',
    description:
      'Addresses, with commas between them, of accounts that are programs, such as that of another Carillon in the same rooms: what they post is not bridged, as what bots post. Bots are known without it.',
  },
  {
    key: 'mentions',
    label: 'Mentions',
    kind: 'text',
    required: false,
    default: 'native',
    pattern: '^(?:native|text)$',
    description:
      '`native`: who is mentioned and known here is told by Webex (`<@personId:…>`). `text`: they are only named.',
  },
  {
    key: 'baseUrl',
    label: 'Base URL',
    kind: 'url',
    required: false,
    default: 'https://webexapis.com/v1/',
    description: 'Of the Webex API; another one for a simulator or a proxy.',
  },
] as const satisfies readonly Field[];

export const webexAddress = [
  {
    key: 'roomId',
    label: 'Room',
    kind: 'text',
    required: true,
    pattern: '^[A-Za-z0-9_=-]{2,500}$',
    description: 'Id of a room (a space) that the token is a member of, such as `Y2lzY29zcGFyazovL3VzL1JPT00v…`.',
  },
  {
    key: 'user',
    label: 'Person',
    kind: 'text',
    required: false,
    planned: true,
    description: 'a person, named by e-mail address.',
  },
] as const satisfies readonly Field[];

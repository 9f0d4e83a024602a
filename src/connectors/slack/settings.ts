import type { Field } from '../contract/fields.ts';

export const slackSettings = [
  {
    key: 'botToken',
    label: 'Bot token',
    kind: 'secret',
    required: true,
    pattern: '^xoxb-[A-Za-z0-9-]+$',
    description:
      "Token of the app's bot user. It posts, and reads the channel's history to find out what became of a lost request.",
  },
  {
    key: 'signingSecrets',
    label: 'Signing secrets',
    kind: 'secrets',
    required: false,
    description:
      'Of the Slack app, for checking what Slack sends to `/hooks/{connection}`; several while one is changed.',
  },
  {
    key: 'authors',
    label: 'Authors of bridged messages',
    kind: 'text',
    required: false,
    default: 'persona',
    pattern: '^(?:persona|prefix)$',
    description:
      '`persona`: their name and picture stand beside the message (scope `chat:write.customize`). `prefix`: their name stands in front of the text.',
  },
  {
    key: 'baseUrl',
    label: 'Base URL',
    kind: 'url',
    required: false,
    default: 'https://slack.com/api/',
    description: 'Of the Web API; another one for a simulator or a proxy.',
  },
] as const satisfies readonly Field[];

export const slackAddress = [
  {
    key: 'channel',
    label: 'Channel',
    kind: 'text',
    required: true,
    pattern: '^[CDG][A-Z0-9]{2,}$',
    description: 'Id of a channel the bot is in, such as `C0OPS`; not its name.',
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

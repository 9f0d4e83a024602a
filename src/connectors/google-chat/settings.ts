import type { Field } from '../contract/fields.ts';

/**
 * The defaults are the addresses and accounts that Google states in "Verify requests from Google Chat"
 * (developers.google.com/workspace/chat).
 */
export const googleChatSettings = [
  {
    key: 'serviceAccount',
    label: 'Service account',
    kind: 'text',
    required: true,
    pattern: '^[^@\\s]+@[^@\\s]+$',
    description: '`client_email` of the service account that the Chat app runs as.',
  },
  {
    key: 'privateKey',
    label: 'Private key',
    kind: 'secret',
    required: true,
    pattern: '^-----BEGIN (?:RSA )?PRIVATE KEY-----[\\s\\S]+-----END (?:RSA )?PRIVATE KEY-----\\s*$',
    description: '`private_key` of the service account, in PEM. It signs for access tokens.',
  },
  {
    key: 'audience',
    label: 'Authentication audience',
    kind: 'text',
    required: false,
    pattern: '^(?:https?://\\S+|\\d{1,30})$',
    description:
      'As chosen for the Chat app: the URL of `/hooks/{connection}` to the letter, or the project number. Without it interaction events are refused.',
  },
  {
    key: 'signer',
    label: 'Signer of interaction events',
    kind: 'text',
    required: false,
    default: 'chat@system.gserviceaccount.com',
    pattern: '^[^@\\s]+@[^@\\s]+$',
    description:
      'Account that Google Chat calls as; of a Workspace add-on `service-<project number>@gcp-sa-gsuiteaddons.iam.gserviceaccount.com`.',
  },
  {
    key: 'pushAudience',
    label: 'Audience of the push subscription',
    kind: 'text',
    required: false,
    description: 'Of the Pub/Sub push subscription that Workspace Events go to. Without it they are refused.',
  },
  {
    key: 'pushServiceAccount',
    label: 'Service account of the push subscription',
    kind: 'text',
    required: false,
    pattern: '^[^@\\s]+@[^@\\s]+$',
    description: 'E-mail address of the account that Pub/Sub signs as. Without it its events are refused.',
  },
  {
    key: 'pubsubTopic',
    label: 'Pub/Sub topic',
    kind: 'text',
    required: false,
    pattern: '^projects/[^/\\s]+/topics/[^/\\s]+$',
    description:
      'Of this connection alone, such as `projects/acme/topics/carillon`. Where it is given, Carillon subscribes by Workspace Events to each bridged space, with the events going to this topic. Wants `historyUser`, `pushAudience` and `pushServiceAccount`.',
  },
  {
    key: 'historyUser',
    label: 'Person who reads history',
    kind: 'text',
    required: false,
    pattern: '^[^@\\s]+@[^@\\s]+$',
    description:
      'E-mail address of somebody in the spaces, as whom the service account may read and subscribe by domain-wide delegation (scopes `chat.messages.readonly` and `chat.messages.reactions.readonly`). Without it nothing is read of what was said while nobody listened.',
  },
  {
    key: 'baseUrl',
    label: 'Base URL',
    kind: 'url',
    required: false,
    default: 'https://chat.googleapis.com/v1/',
    description: 'Of the Chat API; another one for a simulator or a proxy.',
  },
  {
    key: 'eventsUrl',
    label: 'Workspace Events URL',
    kind: 'url',
    required: false,
    default: 'https://workspaceevents.googleapis.com/v1/',
    description: 'Of the Workspace Events API; another one for a simulator or a proxy.',
  },
  {
    key: 'tokenUrl',
    label: 'Token URL',
    kind: 'url',
    required: false,
    default: 'https://oauth2.googleapis.com/token',
    description: 'Where access tokens are handed out.',
  },
  {
    key: 'oidcKeysUrl',
    label: 'Keys of ID tokens',
    kind: 'url',
    required: false,
    default: 'https://www.googleapis.com/oauth2/v3/certs',
    description: 'JWK set for requests whose audience is a URL, and for Pub/Sub.',
  },
  {
    key: 'chatCertsUrl',
    label: 'Certificates of Google Chat',
    kind: 'url',
    required: false,
    default: 'https://www.googleapis.com/service_accounts/v1/metadata/x509/chat@system.gserviceaccount.com',
    description: 'X.509 certificates for requests whose audience is a project number.',
  },
] as const satisfies readonly Field[];

export const googleChatAddress = [
  {
    key: 'space',
    label: 'Space',
    kind: 'text',
    required: true,
    pattern: '^spaces/[A-Za-z0-9_-]{1,200}$',
    description: 'Resource name of a space that the app is a member of, such as `spaces/AAAAMpdlehY`.',
  },
] as const satisfies readonly Field[];

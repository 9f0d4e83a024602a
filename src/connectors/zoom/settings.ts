import type { Field } from '../contract/fields.ts';
import { readText } from '../contract/fields.ts';
import type { Values } from '../contract/context.ts';

export const zoomSettings = [
  {
    key: 'accountId',
    label: 'Account id',
    kind: 'text',
    required: true,
    description: 'Of the account that the server-to-server OAuth app belongs to.',
  },
  {
    key: 'clientId',
    label: 'Client id',
    kind: 'text',
    required: true,
    pattern: '^[^:\\s]+$',
    description: 'Of that app.',
  },
  {
    key: 'clientSecret',
    label: 'Client secret',
    kind: 'secret',
    required: true,
    description: 'Of that app. A token for an hour is obtained with it as often as one is needed.',
  },
  {
    key: 'secretTokens',
    label: 'Secret tokens',
    kind: 'secrets',
    required: false,
    description: 'Of the app, for checking what Zoom sends to `/hooks/{connection}`; several while one is changed.',
  },
  {
    key: 'user',
    label: 'User',
    kind: 'text',
    required: true,
    pattern: '^(?!me$)[^\\s/?#]+$',
    description:
      'Id or e-mail address of the Zoom user that it posts as, such as `bridge@example.com`. A user of its own: what this user does is never bridged, so no person may use it.',
  },
  {
    key: 'maxText',
    label: 'Longest message',
    kind: 'text',
    required: false,
    default: '1024',
    pattern: '^[1-9][0-9]{2,4}$',
    description:
      'In characters; longer texts go out in parts. Zoom documents 1 024, and some report that it takes 4 096.',
  },
  {
    key: 'baseUrl',
    label: 'Base URL',
    kind: 'url',
    required: false,
    default: 'https://api.zoom.us/v2/',
    description: 'Of the API; another one for a simulator or a proxy.',
  },
  {
    key: 'fileUrl',
    label: 'File URL',
    kind: 'url',
    required: false,
    default: 'https://file.zoom.us/v2/',
    description: 'Where files are uploaded to; another one for a simulator or a proxy.',
  },
  {
    key: 'tokenUrl',
    label: 'Token URL',
    kind: 'url',
    required: false,
    default: 'https://zoom.us/oauth/token',
    description: 'Where access tokens are obtained.',
  },
] as const satisfies readonly Field[];

export const zoomAddress = [
  {
    key: 'channel',
    label: 'Channel',
    kind: 'text',
    required: true,
    pattern: '^[A-Za-z0-9_-]{2,64}$',
    description:
      'Id of a channel that the user is a member of, such as `825c9e31f1064c73b394c5e4557d3447`; not its name.',
  },
  {
    key: 'contact',
    label: 'Person',
    kind: 'text',
    required: false,
    planned: true,
    description: 'a person, named by e-mail address.',
  },
] as const satisfies readonly Field[];

/**
 * Whether one of these ids or e-mail addresses is the user that we post as.
 * @param named any of them may be undefined or empty, as for people of other accounts.
 */
export function isOurUser(settings: Values, ...named: readonly (string | undefined)[]): boolean {
  const user = readText(zoomSettings, settings, 'user');
  // Ids are case-sensitive, e-mail addresses are not.
  const same = user.includes('@')
    ? (one: string) => one.toLowerCase() === user.toLowerCase()
    : (one: string) => one === user;
  return named.some((one) => one !== undefined && one !== '' && same(one));
}

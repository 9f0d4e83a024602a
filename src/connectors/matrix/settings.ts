import { parseDuration } from '../../domain/retry.ts';
import type { Values } from '../contract/context.ts';
import { readText, type Field } from '../contract/fields.ts';

export const matrixSettings = [
  {
    key: 'homeserver',
    label: 'Homeserver',
    kind: 'url',
    required: true,
    description: 'Base URL of its client-server API, such as `https://matrix.example.com`.',
  },
  {
    key: 'asToken',
    label: 'as_token',
    kind: 'secret',
    required: true,
    description: "Of the application service's registration: by it Carillon speaks to the homeserver.",
  },
  {
    key: 'hsTokens',
    label: 'hs_token',
    kind: 'secrets',
    required: false,
    description:
      "Of the application service's registration: by it the homeserver speaks to `/hooks/{connection}`; several while one is changed.",
  },
  {
    key: 'serverName',
    label: 'Server name',
    kind: 'text',
    required: true,
    pattern: '^[A-Za-z0-9.:\\[\\]-]{1,230}$',
    description: 'The part of user ids behind the colon, such as `example.com`.',
  },
  {
    key: 'senderLocalpart',
    label: 'Bot',
    kind: 'text',
    required: true,
    pattern: '^[a-z0-9._=/+-]{1,100}$',
    description: '`sender_localpart` of the registration: the bot that posts what has no author of its own.',
  },
  {
    key: 'userPrefix',
    label: 'Prefix of ghosts',
    kind: 'text',
    required: false,
    default: 'carillon_',
    pattern: '^[a-z0-9._=/+-]{1,100}$',
    description:
      "How the local parts of the application service's users begin, as in its `users` namespace; nobody else's may.",
  },
  {
    key: 'authors',
    label: 'Authors of bridged messages',
    kind: 'text',
    required: false,
    default: 'ghost',
    pattern: '^(?:ghost|prefix)$',
    description:
      '`ghost`: each speaks as a user of their own, named for them. `prefix`: the bot speaks, with their name in front of the text.',
  },
  {
    key: 'txnMemory',
    label: 'Memory of transactions',
    kind: 'duration',
    required: false,
    default: '30m',
    description:
      'How long the homeserver knows a transaction id again, and folds doubles: 30 minutes and more at Synapse; others may differ.',
  },
] as const satisfies readonly Field[];

export const matrixAddress = [
  {
    key: 'room',
    label: 'Room',
    kind: 'text',
    required: true,
    pattern: '^![^\\s/]{1,254}$',
    description:
      'Id of a room that the bot is in or is invited to, such as `!abc:example.com`; not its alias. Rooms of version 12 have no server in their id.',
  },
] as const satisfies readonly Field[];

/** The base URL of all calls, without a slash at its end. */
export function homeserverOf(settings: Values): string {
  return readText(matrixSettings, settings, 'homeserver').replace(/\/*$/, '');
}

/** How long the homeserver recognizes a transaction id, in milliseconds. */
export function txnMemoryOf(settings: Values): number {
  return parseDuration(readText(matrixSettings, settings, 'txnMemory')) ?? 0;
}

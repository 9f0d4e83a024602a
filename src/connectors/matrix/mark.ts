import { createHash } from 'node:crypto';
import type { Values } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { at, textAt } from '../http/json-path.ts';
import { matrixSettings } from './settings.ts';

/**
 * A key in the content of an event that ties it to its delivery, or to the part of it. Homeservers keep it, and
 * everyone in the room can read it, so its value is only the id. In an edit it is next to the new content.
 */
const markerKey = 'com.carillon.delivery';

/** @param key the post's `Outgoing.key`. */
export function deliveryMarker(key: string): Readonly<Record<string, string>> {
  return { [markerKey]: key };
}

/** The id of the bot, which speaks if no ghost does. */
export function botOf(settings: Values): string {
  return userId(readText(matrixSettings, settings, 'senderLocalpart'), settings);
}

/** A person of another platform, identified by the connection through which they speak and their id there. */
export interface Foreigner {
  readonly connection: string;
  readonly connector: string;
  readonly id: string;
}

/**
 * The user who represents a person of another platform, always the same one. The person's id is hashed, because it may
 * contain characters that a user id must not (client-server API, "User identifiers").
 */
export function ghostOf({ connection, connector, id }: Foreigner, settings: Values): string {
  const digest = createHash('sha256').update(`${connection}\0${id}`).digest('hex');
  const source = connector.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return userId(`${readText(matrixSettings, settings, 'userPrefix')}${source}_${digest.slice(0, 20)}`, settings);
}

/** The local part of a user id, under which the user is registered. */
export function localpartOf(user: string): string {
  return user.slice(1).split(':', 1)[0] ?? '';
}

/** Whether the user is the bot or one of our ghosts. */
export function isOurUser(user: string, settings: Values): boolean {
  const prefix = readText(matrixSettings, settings, 'userPrefix');
  const server = `:${readText(matrixSettings, settings, 'serverName')}`;
  return user === botOf(settings) || (user.startsWith(`@${prefix}`) && user.endsWith(server));
}

/** Whether any Carillon sent the event for a delivery, which means that it is a copy. */
export function isMarked(event: unknown): boolean {
  return textAt(at(event, 'content'), markerKey) !== undefined;
}

function userId(localpart: string, settings: Values): string {
  return `@${localpart}:${readText(matrixSettings, settings, 'serverName')}`;
}

import { createHash } from 'node:crypto';
import type { Values } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { at, textAt } from '../http/json-path.ts';
import { matrixSettings } from './settings.ts';

/**
 * What ties an event to its delivery, or to its part of one: a key of ours in its content, which homeservers keep and everybody in the room may
 * read, so nothing but the id. An edit has it beside its new content.
 */
const markerKey = 'com.carillon.delivery';

/** @param key of the post, `Outgoing.key`. */
export function deliveryMarker(key: string): Readonly<Record<string, string>> {
  return { [markerKey]: key };
}

/** The user that speaks where nobody else does. */
export function botOf(settings: Values): string {
  return userId(readText(matrixSettings, settings, 'senderLocalpart'), settings);
}

/** A person of another platform, by the connection that they speak through and their id there. */
export interface Foreigner {
  readonly connection: string;
  readonly connector: string;
  readonly id: string;
}

/**
 * The user that stands for them: always the same. Their id is hashed, since it may hold what a user id must not
 * (client-server API, "User identifiers").
 */
export function ghostOf({ connection, connector, id }: Foreigner, settings: Values): string {
  const digest = createHash('sha256').update(`${connection}\0${id}`).digest('hex');
  const source = connector.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return userId(`${readText(matrixSettings, settings, 'userPrefix')}${source}_${digest.slice(0, 20)}`, settings);
}

/** Without its `@` and its server: what it is registered as. */
export function localpartOf(user: string): string {
  return user.slice(1).split(':', 1)[0] ?? '';
}

/** Whether it is the bot or one of the ghosts. */
export function isOurUser(user: string, settings: Values): boolean {
  const prefix = readText(matrixSettings, settings, 'userPrefix');
  const server = `:${readText(matrixSettings, settings, 'serverName')}`;
  return user === botOf(settings) || (user.startsWith(`@${prefix}`) && user.endsWith(server));
}

/** Whether a Carillon, be it another one, sent the event for a delivery: then it is a copy of what was said elsewhere. */
export function isMarked(event: unknown): boolean {
  return textAt(at(event, 'content'), markerKey) !== undefined;
}

function userId(localpart: string, settings: Values): string {
  return `@${localpart}:${readText(matrixSettings, settings, 'serverName')}`;
}

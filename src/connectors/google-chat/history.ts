import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext, Values, HookConnection } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { oldestFirst, readPages, unread, type Page } from '../inbound/history-pages.ts';
import { at, listAt, textAt } from '../http/json-path.ts';
import type { History } from '../contract/inbound.ts';
import { callChat } from './api.ts';
import { readWorkspaceEvent } from './inbound-push.ts';
import { googleChatAddress } from './settings.ts';

/** The member of an event that contains its resource, by event type. */
const payloads: Readonly<Record<string, string>> = {
  'google.workspace.chat.message.v1.created': 'messageCreatedEventData',
  'google.workspace.chat.message.v1.updated': 'messageUpdatedEventData',
  'google.workspace.chat.message.v1.deleted': 'messageDeletedEventData',
  'google.workspace.chat.reaction.v1.created': 'reactionCreatedEventData',
  'google.workspace.chat.reaction.v1.deleted': 'reactionDeletedEventData',
};
/** All types of events that are bridged. */
export const eventTypes = Object.keys(payloads);
/** A filter for lists (spaces.spaceEvents.list and subscriptions.list, "filter"). */
export const ofOurTypes = eventTypes.map((type) => `event_types:"${type}"`).join(' OR ');
/** How long Google keeps a space's events. */
const knownMs = 28 * 24 * 3_600_000;
const pageSize = 100;

/**
 * Reads what happened in a space since `since`: the events with the same ids as when Pub/Sub pushes them, each with its
 * message as it is now (developers.google.com/workspace/chat, spaces.spaceEvents.list). Google requires a person who is
 * in the space and refuses an app.
 */
export async function history(
  address: Values,
  since: Date,
  connection: HookConnection,
  context: LookUpContext,
): Promise<History> {
  if (connection.settings['historyUser'] === undefined)
    return unread('Google shows its history to people only: name one who is in the space in `historyUser`.');
  const space = readText(googleChatAddress, address, 'space');
  const start = new Date(Math.max(since.getTime(), context.now.getTime() - knownMs + 60_000));
  const filter = `start_time="${start.toISOString()}" AND (${ofOurTypes})`;
  const found = await readPages(context, (next, limits) =>
    readPage(space, { filter, pageSize: String(pageSize), ...(next && { pageToken: next }) }, connection, limits),
  );
  const events = found.flatMap((event) => {
    const [id, type, time] = ['name', 'eventType', 'eventTime'].map((key) => textAt(event, key));
    const data = at(event, payloads[type ?? ''] ?? '');
    if (type === undefined || data === undefined) return [];
    const read = readWorkspaceEvent({ id, type, time, data }, connection.id);
    return typeof read === 'string' || 'ignored' in read ? [] : [read.event];
  });
  const lacks = start > since ? ['Google knows the events of the last 28 days only.'] : [];
  return { events: oldestFirst(events), lacks };
}

async function readPage(
  space: string,
  query: Readonly<Record<string, string>>,
  connection: HookConnection,
  context: LookUpContext,
): Promise<Page> {
  const path = `${space}/spaceEvents?${new URLSearchParams(query).toString()}`;
  const { json } = await callChat({ method: 'GET', path, asPerson: true }, connection, context);
  if (typeof json !== 'object' || json === null)
    throw new SendFailure({ kind: 'transient', code: 'bad_response', message: 'Google answered with no list' });
  return { items: listAt(json, 'spaceEvents'), next: textAt(json, 'nextPageToken') };
}

import type { LookUpContext, Values, HookConnection } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { maxPageBytes, oldestFirst, readPages, unread, type Page } from '../inbound/history-pages.ts';
import { listAt, textAt } from '../http/json-path.ts';
import type { History } from '../contract/inbound.ts';
import { getFromGraph, graphUrlOf, hasGraph } from './graph.ts';
import { activitiesOf } from './graph-message.ts';
import { readActivity } from './inbound-event.ts';
import { isChannel } from './native-id.ts';
import { idsByObject } from './people.ts';
import { teamsAddress } from './settings.ts';

/** The largest page that Graph returns (learn.microsoft.com/graph, chatMessage: delta). */
const pageSize = 50;

const lacks = ['Reactions that were taken away again, and edits before the last, cannot be learned from Teams.'];

/**
 * Reads what changed in a channel or a chat since `since`: messages and replies, the last edit of each, deletions, and
 * the reactions that are there now. A bot cannot read history. Microsoft Graph shows it to an app with the permission
 * `ChannelMessage.Read.All`, or for chats `Chat.Read.All` (learn.microsoft.com/graph, chatMessage: delta; "List
 * messages in a chat"). `delta` returns each thread in which anything changed.
 */
export async function history(
  address: Values,
  since: Date,
  connection: HookConnection,
  context: LookUpContext,
): Promise<History> {
  const { settings } = connection;
  const conversation = readText(teamsAddress, address, 'conversation');
  const { team } = address;
  if (!hasGraph(settings))
    return unread('A bot is shown no history; with `graphTenant` and a permission the app would be.');
  if (isChannel(conversation) && typeof team !== 'string')
    return unread('The history of a channel is that of its team: name it in `team` of the address.');
  const changed = `lastModifiedDateTime gt ${since.toISOString()}`;
  const path = isChannel(conversation)
    ? `teams/${String(team)}/channels/${encodeURIComponent(conversation)}/messages/delta?${query({ $expand: 'replies', $filter: changed })}`
    : `chats/${encodeURIComponent(conversation)}/messages?${query({ $orderby: 'lastModifiedDateTime desc', $filter: changed })}`;
  const read = (first: string): Promise<unknown[]> =>
    readPages(context, (next, limits) => readPage(next ?? first, settings, limits));
  const found: unknown[] = [];
  for (const message of await read(graphUrlOf(settings) + path)) {
    found.push(message, ...listAt(message, 'replies'));
    const more = textAt(message, 'replies@odata.nextLink');
    if (more !== undefined) found.push(...(await read(more)));
  }
  const ids = found.length === 0 ? new Map<string, string>() : await idsByObject(connection, context);
  const activities = found.flatMap((message) => activitiesOf(message, { conversation, since, ids }));
  const events = activities.flatMap((activity) => {
    const read = readActivity(activity, connection);
    return typeof read === 'string' ? [] : read.flatMap((one) => ('event' in one ? [one.event] : []));
  });
  return { events: oldestFirst(events), lacks };
}

/** Writes a query as OData requires it: `$` is not encoded, and a space is `%20`. */
function query(parameters: Readonly<Record<string, string>>): string {
  const all = Object.entries({ $top: String(pageSize), ...parameters });
  return all.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&');
}

async function readPage(url: string, settings: Values, context: LookUpContext): Promise<Page> {
  const json = await getFromGraph(url, { settings, maxResponseBytes: maxPageBytes }, context);
  return { items: listAt(json, 'value'), next: textAt(json, '@odata.nextLink') };
}

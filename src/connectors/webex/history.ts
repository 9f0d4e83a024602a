import { SendFailure } from '../../domain/failure.ts';
import type { InboundEvent } from '../../domain/inbound.ts';
import type { LookUpContext, Values, HookConnection } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { maxPageBytes, oldestFirst, readPages, type Page } from '../inbound/history-pages.ts';
import { listAt, textAt } from '../http/json-path.ts';
import type { History } from '../contract/inbound.ts';
import { completed } from './fetch.ts';
import { readEvent } from './inbound-event.ts';
import { ownAccount } from './people.ts';
import { webexAddress } from './settings.ts';
import { baseUrlOf, callWebex } from './api.ts';

/** The page size that Webex uses by default. It does not publish a maximum. */
const pageSize = 50;

const lacks = ['What was deleted, and edits of messages from long before, cannot be learned from Webex.'];
const lacksForBots = 'A bot is shown only what mentions it; the token of an account would be shown all.';

/**
 * Reads what was said in a room since `since`, replies included, with the latest edit of each message
 * (developer.webex.com, Messages API, "List Messages"). Webex lists the newest messages first, so pages are read until
 * one is older. Events that were already received have the same keys.
 */
export async function history(
  address: Values,
  since: Date,
  connection: HookConnection,
  context: LookUpContext,
): Promise<History> {
  const room = readText(webexAddress, address, 'roomId');
  const own = await ownAccount(connection, context);
  const query = new URLSearchParams({
    roomId: room,
    max: String(pageSize),
    ...(own.isBot && { mentionedPeople: 'me' }),
  });
  const found = await readPages(context, (next, limits) =>
    readPage(next ?? `messages?${query.toString()}`, since, connection, limits),
  );
  const events: InboundEvent[] = [];
  for (const message of found)
    if (textAt(message, 'personId') !== own.id)
      events.push(...(await eventsOf(message, { since, connection, context })));
  return { events: oldestFirst(events), lacks: own.isBot ? [...lacks, lacksForBots] : lacks };
}

async function readPage(path: string, since: Date, connection: HookConnection, context: LookUpContext): Promise<Page> {
  const call = { method: 'GET', path, about: 'look-up', maxResponseBytes: maxPageBytes } as const;
  const { json, headers } = await callWebex(call, connection, context);
  const items = listAt(json, 'items');
  const isBefore = items.some((item) => Date.parse(textAt(item, 'created') ?? '') < since.getTime());
  return { items, next: isBefore ? undefined : nextPath([headers['link'] ?? ''].flat().join(','), connection) };
}

/** Reads `Link: <…>; rel="next"` (RFC 8288). The request carries our token, so the page must be below the base URL. */
function nextPath(link: string, { settings }: HookConnection): string | undefined {
  const url = /<([^<>]+)>\s*;\s*rel="?next"?/i.exec(link)?.[1];
  if (url === undefined) return undefined;
  const base = baseUrlOf(settings);
  if (url.startsWith(base)) return url.slice(base.length);
  throw new SendFailure({ kind: 'permanent', code: 'strange_page', message: 'the next page is on another server' });
}

/** The events that Webex would have sent for a message in its present state. */
async function eventsOf(
  message: unknown,
  { since, connection, context }: { since: Date; connection: HookConnection; context: LookUpContext },
): Promise<InboundEvent[]> {
  const [created, updated] = [textAt(message, 'created'), textAt(message, 'updated')];
  const isSince = (time: string | undefined): boolean => Date.parse(time ?? '') >= since.getTime();
  const told = [
    ...(isSince(created) ? [{ event: 'created', data: { ...(message as object), updated: undefined } }] : []),
    ...(isSince(updated) && updated !== created ? [{ event: 'updated', data: message }] : []),
  ];
  const events = told.flatMap((one) => {
    const read = readEvent({ resource: 'messages', ...one }, connection.settings, context.now);
    return typeof read === 'string' || 'ignored' in read ? [] : [read.event];
  });
  return Promise.all(events.map((event) => completed(event, message, connection, context)));
}

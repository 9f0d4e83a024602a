import { SendFailure } from '../../domain/failure.ts';
import type { InboundEvent } from '../../domain/inbound.ts';
import type { LookUpContext, Values, HookConnection } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { maxPageBytes, readPages, type Page } from '../inbound/history-pages.ts';
import { at, listAt, textAt } from '../http/json-path.ts';
import type { History } from '../contract/inbound.ts';
import { lookUp, path } from './api.ts';
import { join } from './ghosts.ts';
import { readEvent } from './inbound-event.ts';
import { matrixAddress } from './settings.ts';

const pageSize = 100;
/** Only messages and changes to them ("Filtering"). */
const filter = JSON.stringify({ types: ['m.room.message', 'm.reaction', 'm.room.redaction', 'm.room.encrypted'] });

/**
 * Reads what happened in a room since `since`, including edits, redactions and reactions, which in Matrix are events as
 * well (client-server API, "GET /rooms/{roomId}/messages"). Pages are read backwards from now, and the events are
 * returned in the room's order. The homeserver repeats its transactions anyway; the event ids make the repeated ones
 * duplicates.
 */
export async function history(
  address: Values,
  since: Date,
  connection: HookConnection,
  context: LookUpContext,
): Promise<History> {
  const room = readText(matrixAddress, address, 'room');
  const read = (): Promise<unknown[]> =>
    readPages(context, (next, limits) => readPage(room, { since, next }, connection, limits));
  const found = await read().catch(async (error: unknown) => {
    if (!(error instanceof SendFailure) || error.code !== 'matrix_forbidden') throw error;
    // The bot was invited while Carillon did not listen.
    await join(room, undefined, connection, context);
    return read();
  });
  const events: InboundEvent[] = [];
  let encrypted = 0;
  for (const event of found.reverse()) {
    if (Number(at(event, 'origin_server_ts')) < since.getTime()) continue;
    const one = readEvent({ ...(event as object), room_id: room }, connection);
    if ('event' in one) events.push(one.event);
    else if (one.ignored === 'encrypted') encrypted += 1;
  }
  return { events, lacks: encrypted === 0 ? [] : [`${encrypted} of its messages are encrypted, and cannot be read.`] };
}

async function readPage(
  room: string,
  { since, next }: { since: Date; next: string | undefined },
  connection: HookConnection,
  context: LookUpContext,
): Promise<Page> {
  const query = { dir: 'b', limit: String(pageSize), filter, ...(next && { from: next }) };
  const call = {
    method: 'GET',
    path: path`/v3/rooms/${room}/messages`,
    query,
    maxResponseBytes: maxPageBytes,
  } as const;
  const json = await lookUp(call, connection, context);
  const items = listAt(json, 'chunk');
  // A server whose clock is wrong may misdate one event, but not a whole page.
  const isBefore = items.length > 0 && items.every((item) => Number(at(item, 'origin_server_ts')) < since.getTime());
  return { items, next: isBefore ? undefined : textAt(json, 'end') };
}

import { createHash } from 'node:crypto';
import { SendFailure } from '../../domain/failure.ts';
import type { InboundEvent, InboundSender } from '../../domain/inbound.ts';
import type { LookUpContext, Values, HookConnection } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { maxPageBytes, oldestFirst, readPages, type Page } from '../inbound/history-pages.ts';
import { at, listAt, textAt } from '../http/json-path.ts';
import type { History } from '../contract/inbound.ts';
import { callZoom, messagesPath } from './api.ts';
import { contentOf, createdKey, deletedKey } from './inbound-event.ts';
import { isMarked } from '../text/invisible-mark.ts';
import { nativeId } from './native-id.ts';
import { people } from './people.ts';
import { isOurUser, zoomAddress } from './settings.ts';

/** The largest page that Zoom returns (developers.zoom.us, List a user's chat messages). */
const pageSize = 50;
/** How far Zoom's clock, which dates the messages, may be ahead of ours. */
const clockMarginMs = 5 * 60_000;

const lacks = [
  'Reactions, and edits and deletes of messages from before, cannot be learned from Zoom; of an edit only its result.',
];

/** A message of the list, and the time of the list by Zoom's clock, in milliseconds since 1970. */
interface Listed {
  readonly message: unknown;
  readonly askedAt: number;
}

/**
 * Reads what was said in a channel since `since`, replies included, and which of these messages were edited or deleted
 * meanwhile (developers.zoom.us, List a user's chat messages; OAuth scope `team_chat:read:list_user_messages:admin`).
 */
export async function history(
  address: Values,
  since: Date,
  connection: HookConnection,
  context: LookUpContext,
): Promise<History> {
  const channel = readText(zoomAddress, address, 'channel');
  const query = {
    to_channel: channel,
    from: seconds(since.getTime()),
    to: seconds(context.now.getTime() + clockMarginMs),
    page_size: String(pageSize),
    include_deleted_and_edited_message: 'true',
  };
  const found = (await readPages(context, (next, limits) =>
    readPage({ ...query, ...(next && { next_page_token: next }) }, connection, limits),
  )) as Listed[];
  const senders = new Map<string, InboundSender>();
  const events: InboundEvent[] = [];
  for (const { message, askedAt } of found) {
    const sender = await senderOf(message, senders, connection, context);
    const isOurs =
      isOurUser(connection.settings, sender?.id, sender?.email) || isMarked(textAt(message, 'message') ?? '');
    if (!isOurs) events.push(...eventsOf(message, { channel, sender, askedAt, connection }));
  }
  return { events: oldestFirst(events), lacks };
}

async function readPage(
  query: Readonly<Record<string, string>>,
  connection: HookConnection,
  context: LookUpContext,
): Promise<Page> {
  const path = `${messagesPath(connection)}?${new URLSearchParams(query).toString()}`;
  const { json, headers } = await callZoom(
    { method: 'GET', path, purpose: 'look-up', maxResponseBytes: maxPageBytes },
    connection,
    context,
  );
  const clock = Date.parse([headers['date'] ?? ''].flat()[0] ?? '');
  const askedAt = Number.isNaN(clock) ? context.now.getTime() : clock;
  const items = listAt(json, 'messages').map((message): Listed => ({ message, askedAt }));
  return { items, next: textAt(json, 'next_page_token') };
}

/** Formats a time as `yyyy-MM-dd'T'HH:mm:ss'Z'`, without fractions. */
function seconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * Events name a person by user id, but the list names them by e-mail address and member id. Looks up each person once,
 * so that both get the same id.
 */
async function senderOf(
  message: unknown,
  known: Map<string, InboundSender>,
  connection: HookConnection,
  context: LookUpContext,
): Promise<InboundSender | undefined> {
  const [email, member, name] = ['sender', 'send_member_id', 'sender_display_name'].map((key) => textAt(message, key));
  const key = email ?? member;
  if (key === undefined) return undefined;
  const before = known.get(key);
  if (before !== undefined) return before;
  const person = await people.byId(key, connection, context).catch((error: unknown) => {
    if (error instanceof SendFailure && error.kind === 'permanent') return undefined;
    throw error;
  });
  const sender = {
    id: person?.id ?? member ?? key,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
  };
  known.set(key, sender);
  return sender;
}

/**
 * The events that Zoom would have sent for a message in its present state. The list does not say when a message was
 * edited or deleted. For a deleted message this gives an empty `created` and the `deleted` event. Zoom may redeliver
 * the original event with its text an hour later; the key of the empty one makes it a duplicate, so that the text is
 * shown nowhere.
 */
function eventsOf(
  message: unknown,
  {
    channel,
    sender,
    askedAt,
    connection,
  }: { channel: string; sender: InboundSender | undefined; askedAt: number; connection: HookConnection },
): InboundEvent[] {
  const [id, time] = [textAt(message, 'id'), at(message, 'timestamp')];
  if (id === undefined || typeof time !== 'number') return [];
  const [root, status] = [textAt(message, 'reply_main_message_id'), textAt(message, 'status')];
  const native = nativeId({ channel, id, ...(root === undefined ? {} : { thread: root }) });
  const common = { room: channel, nativeId: native, ...(sender && { sender }) };
  const { isIncomplete: _, ...content } = contentOf(message, connection);
  const said = status === 'Deleted' ? { text: '' } : content;
  const later = new Date(askedAt).toISOString();
  const created: InboundEvent = {
    ...common,
    key: createdKey(channel, id),
    kind: 'created',
    ...(root === undefined ? {} : { thread: nativeId({ channel, id: root }) }),
    at: new Date(time).toISOString(),
    ...said,
  };
  if (status === 'Deleted') return [created, { ...common, key: deletedKey(channel, id), kind: 'deleted', at: later }];
  if (status !== 'Edited') return [created];
  // Reading the same text twice gives one edit, because its hash is in the key. The revision is the time of this
  // reading, so an edit that was reported before is older.
  const words = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
  const revision = String(askedAt).padStart(16, '0');
  return [
    created,
    { ...common, key: `edited:${channel}:${id}:read:${words}`, kind: 'edited', at: later, revision, ...content },
  ];
}

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

/** The most that Zoom hands out at once (developers.zoom.us, List a user's chat messages). */
const pageSize = 50;
/** How far Zoom's clock, by which messages are dated, may be ahead of ours. */
const clockMarginMs = 5 * 60_000;

const lacks = [
  'Reactions, and edits and deletes of messages from before, cannot be learned from Zoom; of an edit only its result.',
];

/** A message as listed, and Zoom's own clock when it was. */
interface Listed {
  readonly message: unknown;
  readonly askedAt: number;
}

/**
 * What was said in a channel since then, replies among it, and which of it was edited or deleted meanwhile
 * (developers.zoom.us, List a user's chat messages; scope `team_chat:read:list_user_messages:admin`).
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

/** `yyyy-MM-dd'T'HH:mm:ss'Z'`: no fractions. */
function seconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Events name a person by the id of their user, the list by address and as a member: each is looked up once. */
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
 * The events that would have told of a message as it stands now. When it was edited or deleted is not said. Of a deleted
 * one its end alone is told; the empty beginning is for Zoom's redelivery, which may bring the words an hour later: by its
 * key they are known then, and shown to nobody.
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
  // Of two readings with the same words one is enough; an edit that came before this reading is older than it.
  const words = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
  const revision = String(askedAt).padStart(16, '0');
  return [
    created,
    { ...common, key: `edited:${channel}:${id}:read:${words}`, kind: 'edited', at: later, revision, ...content },
  ];
}

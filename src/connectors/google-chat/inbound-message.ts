import type { ConnectionId } from '../../domain/ids.ts';
import type { InboundEvent, InboundSender } from '../../domain/inbound.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import { at, listAt, textAt } from '../http/json-path.ts';
import type { HookEvent } from '../contract/inbound.ts';
import { writeMarkdown } from '../text/markdown.ts';
import { isOurs } from './mark.ts';
import { readFile } from './files.ts';
import { nativeId } from './native-id.ts';
import { readMessage } from './text/read.ts';

export const ignored = (code: ReasonCode): HookEvent => ({ ignored: code });

/**
 * Reads a message that a person wrote. An interaction event and a Workspace Event of the same message give the same
 * key, so the first one counts.
 * @param user the author, whom interaction events describe next to the message, with their e-mail address.
 * @returns a string that says what is missing if the message lacks a part that every message has.
 */
export function readCreated(message: unknown, connection: ConnectionId, user?: unknown): HookEvent | string {
  const named = nameOf(message);
  if (named === undefined) return 'the message has no name';
  const not = notSaidByAPerson(message);
  if (not !== undefined) return ignored(not);
  const created = timeOf(textAt(message, 'createTime'));
  if (created === undefined) return 'the message has no time';
  const thread = textAt(message, 'thread', 'name');
  const isReply = at(message, 'threadReply') === true;
  return {
    event: {
      key: `created:${named.name}`,
      kind: 'created',
      room: named.space,
      nativeId: nativeId({ name: named.name, ...(thread === undefined ? {} : { thread }), isReply }),
      ...(isReply && thread !== undefined ? { thread } : {}),
      at: created,
      ...contentOf(message, connection, user),
    },
  };
}

/** Reads an edit. `lastUpdateTime` rises with each edit. */
export function readEdited(message: unknown, connection: ConnectionId): HookEvent | string {
  const named = nameOf(message);
  if (named === undefined) return 'the edit names no message';
  const not = notSaidByAPerson(message);
  if (not !== undefined) return ignored(not);
  const raw = textAt(message, 'lastUpdateTime');
  const edited = timeOf(raw);
  // Link previews and reactions also change a message.
  if (raw === undefined || edited === undefined) return ignored('no_edit');
  return {
    event: {
      key: `edited:${named.name}:${raw}`,
      kind: 'edited',
      room: named.space,
      nativeId: named.name,
      at: edited,
      revision: sortable(raw),
      ...contentOf(message, connection),
    },
  };
}

/** @param time when the platform says the event happened; used if the message has no `deleteTime`. */
export function readDeleted(message: unknown, time: string | undefined): HookEvent | string {
  const named = nameOf(message);
  if (named === undefined) return 'the deletion names no message';
  const deleted = timeOf(textAt(message, 'deleteTime') ?? time);
  if (deleted === undefined) return 'the deletion has no time';
  const key = `deleted:${named.name}`;
  return { event: { key, kind: 'deleted', room: named.space, nativeId: named.name, at: deleted } };
}

/**
 * Returns the name `spaces/X/messages/Y` and its space. Events always use the id that Google's system assigned, never
 * one that a client chose.
 */
export function nameOf(message: unknown): { readonly name: string; readonly space: string } | undefined {
  const [name, space] = /^(spaces\/[^/:]+)\/messages\/[^/:]+$/.exec(textAt(message, 'name') ?? '') ?? [];
  return name === undefined || space === undefined ? undefined : { name, space };
}

/**
 * Why a message is not bridged: it is our own post, a copy that some Carillon made, or an app's post. Two apps that
 * answer each other would never stop.
 */
function notSaidByAPerson(message: unknown): ReasonCode | undefined {
  if (isOurs(textAt(message, 'clientAssignedMessageId'))) return 'own_post';
  return textAt(message, 'sender', 'type') === 'BOT' ? 'bot_post' : undefined;
}

function contentOf(
  message: unknown,
  connection: ConnectionId,
  user?: unknown,
): Pick<InboundEvent, 'text' | 'files' | 'sender'> {
  const files = listAt(message, 'attachment').flatMap(readFile);
  const sender = readSender(at(message, 'sender'), user);
  return {
    text: writeMarkdown(readMessage(message, connection)),
    ...(files.length === 0 ? {} : { files }),
    ...(sender === undefined ? {} : { sender }),
  };
}

/** @param known describes the same person in more detail; ignored if it is another person. */
export function readSender(user: unknown, known?: unknown): InboundSender | undefined {
  const id = textAt(user, 'name') ?? textAt(known, 'name');
  if (id === undefined) return undefined;
  const more = textAt(known, 'name') === id ? known : undefined;
  const [name, email] = ['displayName', 'email'].map((key) => textAt(user, key) ?? textAt(more, key));
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
  };
}

/** Converts an RFC 3339 time, which may have up to nine decimals, to ISO 8601 with milliseconds. */
export function timeOf(text: string | undefined): string | undefined {
  const ms = Date.parse((text ?? '').replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** The time with all nine decimals, so that the order of the texts is the order of the times. */
function sortable(time: string): string {
  const [, seconds = time, digits = ''] = /^([^.Z]+)(?:\.(\d+))?Z$/.exec(time) ?? [];
  return `${seconds}.${digits.padEnd(9, '0')}Z`;
}

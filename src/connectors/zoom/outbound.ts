import { SendFailure } from '../../domain/failure.ts';
import type { Action, Mentioned, Outgoing, Receipt, SendContext } from '../contract/connector.ts';
import { withAuthor } from '../text/author.ts';
import { readText } from '../contract/fields.ts';
import { textAt } from '../http/json-path.ts';
import { asFileRefusal } from '../http/restated.ts';
import { callZoom, messagesPath, type ZoomCall } from './api.ts';
import { maxSourceOf, toRichText, type RenderOptions } from './text/write.ts';
import { toZoomEmoji } from './text/emoji.ts';
import { isDone, isWithoutMain } from './errors.ts';
import { uploadFile } from './files.ts';
import { markOf } from '../text/invisible-mark.ts';
import { parseNativeId, placeOf, receiptOf } from './native-id.ts';
import { people } from './people.ts';
import type { RichText } from './text/rich-text.ts';
import { zoomSettings } from './settings.ts';

/** The one call that `send` makes. */
export interface PreparedCall extends ZoomCall {
  /** True for an edit that loses formats or mentions which the post has. */
  readonly isPlainer?: boolean;
}

/**
 * Chooses the call and writes its body.
 * @throws SendFailure permanent: `no_text` if there is nothing to post; `invalid_native_id` if the message to change or
 * reply to has no id of Zoom's; `unknown_emoji`. Transient if a person who is mentioned could not be looked up.
 */
export async function prepare(outgoing: Outgoing, context: SendContext): Promise<PreparedCall> {
  const { action, connection } = outgoing;
  switch (action.kind) {
    case 'react':
    case 'unreact':
      return reaction(action, connection);
    case 'delete': {
      const { channel, id } = parseNativeId(action.nativeId);
      const path = `${messagesPath(connection, id)}?${new URLSearchParams({ to_channel: channel }).toString()}`;
      return { method: 'DELETE', path, purpose: 'delete' };
    }
    case 'edit': {
      const { channel, id } = parseNativeId(action.nativeId);
      const { text } = render(outgoing, false);
      const body = { message: text, to_channel: channel };
      const { formats, mentions } = render(outgoing, true);
      // In every post the author's name is strong. That it is plain in an edit is no loss of what was said.
      const lost = formats.length + mentions.length > (outgoing.author === undefined ? 0 : 1);
      return { method: 'PUT', path: messagesPath(connection, id), body, purpose: 'edit', isPlainer: lost };
    }
    case 'create': {
      const { channel, thread } = placeOf(outgoing);
      const known = await addressesOf(outgoing, context);
      const { text, formats, mentions } = render(known, true);
      const body = {
        message: text,
        to_channel: channel,
        reply_main_message_id: thread,
        ...(outgoing.file === undefined ? {} : { file_ids: [await uploadFile(outgoing, outgoing.file, context)] }),
        ...(formats.length === 0 ? {} : { rich_text: formats }),
        ...(mentions.length === 0 ? {} : { at_items: mentions }),
      };
      return { method: 'POST', path: messagesPath(connection), body, purpose: 'create' };
    }
  }
}

/**
 * The text of a post with its mark and author. A file whose author was already named gets only the mark.
 * @param isRich false for an edit, which takes plain text only.
 * @throws SendFailure permanent `no_text`.
 */
export function render(outgoing: Outgoing, isRich: boolean): RichText {
  const { author, file } = outgoing;
  if (file !== undefined && (author === undefined || !file.isAlone))
    return { text: markOf(outgoing.key), formats: [], mentions: [] };
  const text = file === undefined ? outgoing.message.content.text : '';
  const rendered = toRichText(text, optionsOf(outgoing, isRich));
  if (rendered === undefined)
    throw new SendFailure({ kind: 'permanent', code: 'no_text', message: 'the message has no text to post' });
  return rendered;
}

/**
 * Whether the text is not cut in the form that this action uses: as a post, or as an edit, where links and quotes are
 * written out and take more room.
 */
export function fits(outgoing: Outgoing): boolean {
  const { text } = outgoing.message.content;
  const options = optionsOf(outgoing, outgoing.action.kind === 'create');
  if (text.length > maxSourceOf(options.max)) return false;
  return (toRichText(text, { ...options, max: Infinity })?.text.length ?? 0) <= options.max;
}

function optionsOf({ key, author, people: known, connection }: Outgoing, isRich: boolean): RenderOptions {
  return {
    mark: markOf(key),
    max: Number(readText(zoomSettings, connection.settings, 'maxText')),
    isRich,
    ...(known === undefined ? {} : { people: known }),
    ...(author === undefined ? {} : { change: (tree) => withAuthor(tree, author) }),
  };
}

/**
 * Replaces the ids of mentioned people by their e-mail addresses: a mention takes an address or a member id, but no
 * user id. A person whom Zoom does not know, or without an address, is named in text.
 */
async function addressesOf(outgoing: Outgoing, context: SendContext): Promise<Outgoing> {
  const known = [...(outgoing.people ?? [])].map(async ([ref, { id, name }]): Promise<[string, Mentioned]> => {
    const person = id === undefined ? undefined : await people.byId?.(id, outgoing.connection, context);
    const address = person?.email === undefined ? {} : { id: person.email };
    return [ref, { ...address, ...(name === undefined ? {} : { name }) }];
  });
  return known.length === 0 ? outgoing : { ...outgoing, people: new Map(await Promise.all(known)) };
}

function reaction(
  { kind, nativeId, emoji }: Extract<Action, { emoji: string }>,
  connection: Outgoing['connection'],
): PreparedCall {
  const { channel, id } = parseNativeId(nativeId);
  const points = toZoomEmoji(emoji);
  if (points === undefined)
    throw new SendFailure({ kind: 'permanent', code: 'unknown_emoji', message: 'Zoom has no such emoji' });
  const body = { action: kind === 'react' ? 'add' : 'remove', emoji: points, to_channel: channel };
  return { method: 'PATCH', path: `${messagesPath(connection, id)}/emoji_reactions`, body, purpose: kind };
}

/**
 * Makes the call. If the main message of a thread is gone, a second call posts the reply into the channel; the first
 * one was refused and changed nothing. Deleting a message that is gone counts as done.
 * @throws SendFailure by the table in `errors.ts`; ambiguous `bad_response` if Zoom agrees but names no message.
 */
export async function send(prepared: PreparedCall, outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  const { isPlainer, ...call } = prepared;
  if (outgoing.action.kind === 'create')
    return create(call, outgoing, context).catch((error: unknown) => {
      throw asFileRefusal(error, outgoing);
    });
  // An edited or deleted message keeps its id.
  const nativeId = outgoing.action.nativeId ?? '';
  try {
    const { status } = await callZoom(call, outgoing.connection, context);
    const text = 'Zoom takes no formats and no mentions in an edit: the text stands there without them.';
    return { nativeId, status, ...(isPlainer === true ? { degraded: { code: 'plain_text', message: text } } : {}) };
  } catch (error) {
    if (!(error instanceof SendFailure) || !isDone(outgoing.action.kind, error.code)) throw error;
    return { nativeId, ...(error.status === undefined ? {} : { status: error.status }) };
  }
}

async function create(call: ZoomCall, outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  const { channel, thread } = placeOf(outgoing);
  try {
    return await posted(call, outgoing, { channel, ...(thread === undefined ? {} : { thread }) }, context);
  } catch (error) {
    if (thread === undefined || !(error instanceof SendFailure) || !isWithoutMain(error.code)) throw error;
    const body = { ...call.body, reply_main_message_id: undefined };
    return posted({ ...call, body }, outgoing, { channel }, context);
  }
}

async function posted(
  call: ZoomCall,
  outgoing: Outgoing,
  place: ReturnType<typeof placeOf>,
  context: SendContext,
): Promise<Receipt> {
  const { json, status } = await callZoom(call, outgoing.connection, context);
  const id = textAt(json, 'id');
  if (id === undefined)
    throw new SendFailure({
      kind: 'ambiguous',
      code: 'bad_response',
      message: 'Zoom agreed but named no message',
      status,
    });
  return { ...receiptOf(outgoing, { ...place, id }), status };
}

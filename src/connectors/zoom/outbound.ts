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
  /** An edit lost what only a post can have. */
  readonly isPlainer?: boolean;
}

/**
 * @throws SendFailure permanent: `no_text` where nothing is left to say; `invalid_native_id` where the message that is
 * meant has none of Zoom's; `unknown_emoji`. Transient where somebody who is mentioned could not be looked up.
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
      // The author's name is strong in every post; that it is plain in an edit is no loss of what was said.
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
 * What is said, with its mark and its author; of a file the mark alone where its author was named before it.
 * @param isRich false for the form that an edit takes.
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

/** Whether nothing of it is cut: as a post, and as an edit, where links and quotes are written out. */
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
 * The same with e-mail addresses for ids: a mention takes an address or a member id, and a user's id is neither. Somebody
 * whom Zoom does not know, or not by an address, is named as text.
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
 * One call; for a reply whose main message is gone a second one, which puts it into the channel: the first was refused and
 * has changed nothing. Deleting what is not there is done already.
 * @throws SendFailure by the table in `errors.ts`; ambiguous `bad_response` where Zoom agrees but names no message.
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

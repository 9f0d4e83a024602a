import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, OutgoingFile, Receipt, SendContext } from '../contract/connector.ts';
import { authorLine, withAuthor } from '../text/author.ts';
import { readText } from '../contract/fields.ts';
import { textAt } from '../http/json-path.ts';
import { multipart } from '../http/multipart.ts';
import { asFileRefusal } from '../http/restated.ts';
import { fitsWebex, toWebex, type WebexTextOptions } from './text/write.ts';
import { parseNativeId, placeOf, receiptOf } from './native-id.ts';
import { webexSettings } from './settings.ts';
import { callWebex, messagePath, type WebexCall } from './api.ts';

/** The one call that `send` makes. */
export type PreparedCall = Omit<WebexCall, 'key'>;

/**
 * Chooses the call and writes its body.
 * @throws SendFailure permanent: `no_text` if the text is empty; `invalid_native_id` if the message to change or reply
 * to has no id of Webex's; `not_supported` for reactions, for which Webex has no call.
 */
export async function prepare(outgoing: Outgoing): Promise<PreparedCall> {
  const { action } = outgoing;
  switch (action.kind) {
    case 'create': {
      const { room: roomId, thread: parentId } = placeOf(outgoing);
      const about = parentId === undefined ? 'create' : 'reply';
      if (outgoing.file !== undefined) return fileCall(outgoing, outgoing.file, about);
      // Without a root, `parentId` is undefined and so is left out of the JSON.
      const body = { roomId, parentId, ...textsOf(outgoing) };
      return { method: 'POST', path: 'messages', body, about };
    }
    case 'edit': {
      const { room: roomId, id } = parseNativeId(action.nativeId);
      return { method: 'PUT', path: messagePath(id), body: { roomId, ...textsOf(outgoing) }, about: 'change' };
    }
    case 'delete':
      return { method: 'DELETE', path: messagePath(parseNativeId(action.nativeId).id), about: 'change' };
    default:
      throw new SendFailure({ kind: 'permanent', code: 'not_supported', message: 'Webex has no call for reactions' });
  }
}

/**
 * A form with the file. A message that is sent as a form contains one file (developer.webex.com, "Create a Message").
 */
function fileCall(outgoing: Outgoing, file: OutgoingFile, about: 'create' | 'reply'): PreparedCall {
  const { author, key } = outgoing;
  const { room: roomId, thread: parentId } = placeOf(outgoing);
  const named = file.isAlone && author !== undefined ? { text: `${authorLine(author)}:` } : {};
  const fields = { roomId, ...(parentId === undefined ? {} : { parentId }), ...named };
  return { method: 'POST', path: 'messages', upload: multipart(key, fields, 'files', file), about };
}

/** Whether the text is not cut. */
export const fits = (outgoing: Outgoing): boolean => fitsWebex(outgoing.message.content.text, optionsOf(outgoing));

function optionsOf({ author, people, connection }: Outgoing): WebexTextOptions {
  return {
    ...(people === undefined ? {} : { people }),
    areMentionsNative: readText(webexSettings, connection.settings, 'mentions') === 'native',
    change: (tree) => withAuthor(tree, author),
  };
}

/** A bot cannot post under another name, so the author is put before the text. */
function textsOf(outgoing: Outgoing): { markdown: string; text: string } {
  const texts = toWebex(outgoing.message.content.text, optionsOf(outgoing));
  if (texts.markdown === '')
    throw new SendFailure({ kind: 'permanent', code: 'no_text', message: 'the message has no text to post' });
  return texts;
}

/**
 * Makes one call of the Webex API. Deleting a message that is gone counts as done.
 * @throws SendFailure by the table in `errors.ts`; ambiguous `bad_response` if Webex agrees but names no message.
 */
export async function send(prepared: PreparedCall, outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  const { action, key, connection } = outgoing;
  const call = callWebex({ ...prepared, key }, connection, context);
  if (action.kind === 'create') {
    const { json, status } = await call.catch((error: unknown) => {
      throw asFileRefusal(error, outgoing);
    });
    return { ...posted(json, status, outgoing), status };
  }
  // An edited or deleted message keeps its id.
  const nativeId = action.nativeId ?? '';
  try {
    return { nativeId, status: (await call).status };
  } catch (error) {
    if (action.kind === 'delete' && error instanceof SendFailure && error.status === 404)
      return { nativeId, status: error.status };
    throw error;
  }
}

function posted(json: unknown, status: number, outgoing: Outgoing): Receipt {
  const id = textAt(json, 'id');
  if (id === undefined)
    throw new SendFailure({
      kind: 'ambiguous',
      code: 'bad_response',
      message: 'Webex agreed but named no message',
      status,
    });
  const { room } = placeOf(outgoing);
  const thread = textAt(json, 'parentId');
  return receiptOf(outgoing, { room, id, ...(thread === undefined ? {} : { thread }) });
}

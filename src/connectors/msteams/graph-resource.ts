import { isChannel } from './native-id.ts';

/** A message as Microsoft Graph addresses it, or all messages of a channel or chat. */
export interface GraphResource {
  readonly conversation: string;
  /** The id of the channel's team; absent for a chat. */
  readonly team?: string;
  readonly root?: string;
  /** Absent if all messages are meant. */
  readonly id?: string;
}

const part = String.raw`(?:/([^/()]+)|\('([^'()]+)'\))`;
const pattern = new RegExp(
  `^/?(?:teams${part}/channels${part}|chats${part})/messages(?:${part}(?:/replies${part})?)?$`,
  'u',
);

/**
 * Reads `teams('…')/channels('…')/messages('…')/replies('…')` and `chats('…')/messages('…')`, also with slashes instead
 * of brackets (learn.microsoft.com/graph, "Get change notifications for messages in Teams channels and chats").
 */
export function parseResource(resource: string): GraphResource | undefined {
  const [, ...found] = pattern.exec(resource) ?? [];
  const at = (index: number): string | undefined => decoded(found[index] ?? found[index + 1]);
  const [team, channel, chat, message, reply] = [at(0), at(2), at(4), at(6), at(8)];
  const conversation = channel ?? chat;
  if (conversation === undefined) return undefined;
  const id = reply ?? message;
  return {
    conversation,
    ...(team === undefined ? {} : { team }),
    ...(team === undefined || message === undefined ? {} : { root: message }),
    ...(id === undefined ? {} : { id }),
  };
}

/** The path below the URL of Graph, without a leading slash. */
export function resourcePath({ team, conversation, root, id }: GraphResource): string {
  const place =
    team === undefined
      ? `chats/${encodeURIComponent(conversation)}`
      : `teams/${encodeURIComponent(team)}/channels/${encodeURIComponent(conversation)}`;
  const message = root ?? id;
  const reply = id === undefined || root === undefined || id === root ? '' : `/replies/${encodeURIComponent(id)}`;
  return `${place}/messages${message === undefined ? '' : `/${encodeURIComponent(message)}${reply}`}`;
}

/** The channel or chat of a room; undefined for a channel without a team. */
export function placeOfRoom(conversation: string, team: unknown): GraphResource | undefined {
  if (!isChannel(conversation)) return { conversation };
  return typeof team === 'string' ? { conversation, team } : undefined;
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    // Not valid percent-encoding, so the text is used unchanged.
    return text;
  }
}

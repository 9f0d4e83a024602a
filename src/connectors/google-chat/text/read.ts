import type { PhrasingContent, Root } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { at, listAt, textAt } from '../../http/json-path.ts';
import { plainTree } from '../../text/markdown.ts';
import { mentionNode } from '../../text/mention.ts';
import { plainText } from '../../text/plain.ts';
import { readCards } from './read-card.ts';
import { readChatText } from './read-text.ts';

/** A mention as an annotation describes it (`Annotation` of type USER_MENTION). */
interface Annotated {
  readonly start: number;
  readonly length: number;
  /** The resource name of the user, such as `users/123`. */
  readonly id: string;
  readonly name: string;
  readonly isBot: boolean;
}

/**
 * Reads a message into a tree: its text, else its cards, else its `fallbackText` (`Message`,
 * developers.google.com/workspace/chat).
 */
export function readMessage(message: unknown, connection: ConnectionId): Root {
  const said = readSaid(message, connection);
  if (plainText(said) !== '') return said;
  const cards = readCards(message);
  return cards.children.length > 0 ? cards : plainTree(textAt(message, 'fallbackText') ?? '');
}

/**
 * Uses `formattedText`, which contains markup, if there is one. Otherwise uses `text`, which contains none and in which
 * annotations identify the mentions.
 */
function readSaid(message: unknown, connection: ConnectionId): Root {
  const text = textAt(message, 'text') ?? '';
  const mentions = listAt(message, 'annotations').flatMap((one) => annotated(one, text));
  mentions.sort((a, b) => a.start - b.start);
  const formatted = textAt(message, 'formattedText');
  if (formatted === undefined) return readPlain(text, mentions, connection);
  const names = new Map(mentions.map((one) => [one.id, one]));
  return readChatText(formatted, (id) => {
    const known = names.get(id);
    // An app cannot be notified, so a mention of one becomes text that names it.
    if (known?.isBot === true) return { type: 'text', value: `@${known.name}` };
    return mentionNode({ kind: 'native', connection, id }, known?.name ?? id);
  });
}

function annotated(annotation: unknown, text: string): Annotated[] {
  const id = textAt(annotation, 'userMention', 'user', 'name');
  const [start, length] = [at(annotation, 'startIndex') ?? 0, at(annotation, 'length')];
  if (textAt(annotation, 'type') !== 'USER_MENTION' || id === undefined) return [];
  if (!Number.isInteger(start) || !Number.isInteger(length)) return [];
  const place = { start: start as number, length: length as number };
  const shown = text.slice(place.start, place.start + place.length).replace(/^@/, '');
  const name = textAt(annotation, 'userMention', 'user', 'displayName') ?? (shown || id);
  return [{ ...place, id, name, isBot: textAt(annotation, 'userMention', 'user', 'type') === 'BOT' }];
}

function readPlain(text: string, mentions: readonly Annotated[], connection: ConnectionId): Root {
  const marked: { node: PhrasingContent }[] = [];
  let rest = '';
  let end = 0;
  for (const { start, length, id, name, isBot } of mentions) {
    if (isBot || start < end || start + length > text.length) continue;
    rest += `${withoutMarks(text.slice(end, start))}${mark}${marked.length}${mark}`;
    marked.push({ node: mentionNode({ kind: 'native', connection, id }, name) });
    end = start + length;
  }
  const tree = plainTree((rest + withoutMarks(text.slice(end))).replaceAll(/\r\n?/g, '\n'));
  for (const block of tree.children)
    if (block.type === 'paragraph') block.children = block.children.flatMap((node) => withMentions(node, marked));
  return tree;
}

/**
 * Represents a mention while the text is split into paragraphs. It is removed from the text before, so it is
 * unambiguous.
 */
const mark = '\u0000';
const withoutMarks = (text: string): string => text.replaceAll(mark, '');

function withMentions(node: PhrasingContent, marked: readonly { node: PhrasingContent }[]): PhrasingContent[] {
  if (node.type !== 'text') return [node];
  return node.value.split(mark).flatMap((part, index): PhrasingContent[] => {
    const found = index % 2 === 1 ? marked[Number(part)] : undefined;
    if (found !== undefined) return [found.node];
    return part === '' ? [] : [{ type: 'text', value: part }];
  });
}

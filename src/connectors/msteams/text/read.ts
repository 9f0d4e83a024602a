import type { PhrasingContent, Root } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { listAt, textAt } from '../../http/json-path.ts';
import { plainTree } from '../../text/markdown.ts';
import { plainText } from '../../text/plain.ts';
import { mentionNode, type Mention } from '../../text/mention.ts';
import { readCards } from './read-card.ts';
import { readTeamsHtml, type FindMention } from './read-html.ts';

export interface ReadOptions {
  readonly connection: ConnectionId;
  /** The bot's own id. A mention of it only addresses the bot and means nothing on other platforms. */
  readonly bot: string;
}

/**
 * Reads an activity into a tree: its text, or its cards if it has no text, as for cards that an app inserts for a
 * person.
 */
export function readActivityText(activity: unknown, options: ReadOptions): Root {
  const said = readSaid(activity, options);
  return plainText(said) === '' ? readCards(listAt(activity, 'attachments')) : said;
}

/**
 * Uses the copy in HTML, which contains the styles, if there is one, else `text`. `entities` lists the mentions; an
 * element that looks like a mention but is not listed is text.
 */
function readSaid(activity: unknown, options: ReadOptions): Root {
  const find = mentionFinder(activity, options);
  const copy = listAt(activity, 'attachments').find((one) => textAt(one, 'contentType') === 'text/html');
  const html = textAt(copy, 'content');
  if (html !== undefined) return readTeamsHtml(html, find);
  const text = (textAt(activity, 'text') ?? '').replaceAll(/\r\n?/g, '\n');
  return textAt(activity, 'textFormat') === 'xml' ? readTeamsHtml(text, find) : readPlain(text, find);
}

/** Two people with the same name are distinguished by their order. */
function mentionFinder(activity: unknown, { connection, bot }: ReadOptions): FindMention {
  const waiting = new Map<string, string[]>();
  for (const entity of listAt(activity, 'entities')) {
    const [id, text] = [textAt(entity, 'mentioned', 'id'), textAt(entity, 'text')];
    if (textAt(entity, 'type') !== 'mention' || id === undefined || text === undefined) continue;
    const label = labelOf(text);
    waiting.set(label, [...(waiting.get(label) ?? []), id]);
  }
  return (label) => {
    const ids = waiting.get(label);
    // The last id is kept, because some clients list a person once who is mentioned twice.
    const id = ids !== undefined && ids.length > 1 ? ids.shift() : ids?.[0];
    if (id === undefined) return undefined;
    if (id === bot) return 'drop';
    return { kind: 'native', connection, id } satisfies Mention;
  };
}

/** The name in an entity's `<at>Ann Archer</at>`. The message contains the same text. */
function labelOf(text: string): string {
  return unescaped(text.replaceAll(/<\/?at(?:\s[^<>]*)?>/gi, '')).trim();
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&amp;', '&');
}

/** Reads a text in which only mentions are markup. */
function readPlain(text: string, find: FindMention): Root {
  const tree = plainTree(text);
  for (const node of tree.children)
    if (node.type === 'paragraph') node.children = node.children.flatMap((child) => split(child, find));
  return tree;
}

function split(node: PhrasingContent, find: FindMention): PhrasingContent[] {
  if (node.type !== 'text') return [node];
  const parts: PhrasingContent[] = [];
  let end = 0;
  for (const match of node.value.matchAll(/<at(?:\s[^<>]*)?>([^<>]*)<\/at>/gi)) {
    const label = unescaped(match[1] ?? '').trim();
    const found = find(label);
    if (found === undefined) continue;
    parts.push({ type: 'text', value: node.value.slice(end, match.index) });
    if (found !== 'drop') parts.push(mentionNode(found, label));
    end = match.index + match[0].length;
  }
  parts.push({ type: 'text', value: node.value.slice(end) });
  return parts;
}

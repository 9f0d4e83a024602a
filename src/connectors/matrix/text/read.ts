import type { Nodes, Paragraph, PhrasingContent, Root } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { readHtml } from '../../text/html.ts';
import { plainTree } from '../../text/markdown.ts';
import { safeUrl, type Mention } from '../../text/mention.ts';
import { at, textAt } from '../../http/json-path.ts';

/** An event cannot contain a longer body. */
const maxBody = 65_536;

/**
 * Reads the content of a message into a tree: its HTML if it has some, else its plain body (client-server API,
 * "m.room.message msgtypes").
 */
export function readContent(content: unknown, connection: ConnectionId): Root {
  const html = textAt(content, 'formatted_body');
  if (textAt(content, 'format') === 'org.matrix.custom.html' && html !== undefined)
    return readHtml(html, { mentionOfUrl: (url) => mentionOfUrl(url, connection) });
  const body = (textAt(content, 'body') ?? '').slice(0, maxBody).replaceAll(/\r\n?/g, '\n');
  const isReply = at(content, 'm.relates_to', 'm.in_reply_to') !== undefined;
  return linked(plainTree(isReply ? withoutFallback(body) : body));
}

/**
 * Reads a pill, which is a link to a user (appendices, "matrix.to navigation"). Links to rooms and events stay links.
 */
function mentionOfUrl(url: string, connection: ConnectionId): Mention | undefined {
  const target = /^https:\/\/matrix\.to\/#\/([^/?]+)/i.exec(url)?.[1];
  if (target === undefined) return undefined;
  try {
    const id = decodeURIComponent(target);
    return /^@[^\s:]+:\S+$/.test(id) ? { kind: 'native', connection, id } : undefined;
  } catch {
    // Not valid percent-encoding, so it is an ordinary link.
    return undefined;
  }
}

/** Older clients put the message to which they reply before the text as a quote (rich replies before version 1.13). */
function withoutFallback(body: string): string {
  return body.replace(/^> (?:\* )?<@[^>\n]+>.*\n(?:>.*\n)*\n?/, '');
}

/** Turns addresses in a plain body into links, as Matrix clients do. */
function linked(tree: Root): Root {
  for (const paragraph of tree.children as Paragraph[])
    paragraph.children = paragraph.children.flatMap((node: Nodes) =>
      node.type === 'text' ? withLinks(node.value) : [node as PhrasingContent],
    );
  return tree;
}

function withLinks(text: string): PhrasingContent[] {
  const found: PhrasingContent[] = [];
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"]+/gi)) {
    const url = match[0].replace(/[.,;:!?'")\]]+$/, '');
    if (safeUrl(url) === undefined) continue;
    if (match.index > end) found.push({ type: 'text', value: text.slice(end, match.index) });
    found.push({ type: 'link', url, children: [{ type: 'text', value: url }] });
    end = match.index + url.length;
  }
  if (end < text.length) found.push({ type: 'text', value: text.slice(end) });
  return found;
}

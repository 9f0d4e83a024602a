import type { Nodes, Paragraph, PhrasingContent, Root } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { readHtml } from '../../text/html.ts';
import { plainTree } from '../../text/markdown.ts';
import { safeUrl, type Mention } from '../../text/mention.ts';
import { at, textAt } from '../../http/json-path.ts';

/** More than an event can hold. */
const maxBody = 65_536;

/**
 * What a content says, as a tree: from its HTML where it has some, else from its plain body (client-server API,
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

/** A pill: a link to a user (appendices, "matrix.to navigation"). Rooms and events stay links. */
function mentionOfUrl(url: string, connection: ConnectionId): Mention | undefined {
  const target = /^https:\/\/matrix\.to\/#\/([^/?]+)/i.exec(url)?.[1];
  if (target === undefined) return undefined;
  try {
    const id = decodeURIComponent(target);
    return /^@[^\s:]+:\S+$/.test(id) ? { kind: 'native', connection, id } : undefined;
  } catch {
    // Not percent-encoded text: an ordinary link.
    return undefined;
  }
}

/** Older clients repeat what they reply to, quoted, in front of the text (rich replies before version 1.13). */
function withoutFallback(body: string): string {
  return body.replace(/^> (?:\* )?<@[^>\n]+>.*\n(?:>.*\n)*\n?/, '');
}

/** Clients make links of the addresses in a plain body, so they are links. */
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

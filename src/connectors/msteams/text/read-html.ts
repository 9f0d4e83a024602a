import type { Element, ElementContent, Nodes, Root as HastRoot } from 'hast';
import { toHtml } from 'hast-util-to-html';
import type { Root } from 'mdast';
import type { Mention } from '../../text/mention.ts';
import { parseHtml, readHtml } from '../../text/html.ts';

/** Returns the mention for an element; `drop` if it should be removed, undefined if it is only text. */
export type FindMention = (label: string) => Mention | 'drop' | undefined;

/** Represents a mention while the HTML is read. A host under `.invalid` cannot exist (RFC 6761, section 6.4). */
const placeholder = 'https://mention.invalid/';

/**
 * Reads the HTML of a message into a tree. Teams writes mentions as a `span` of the type
 * `http://schema.skype.com/Mention` or as `at`, and emoji as pictures.
 */
export function readTeamsHtml(html: string, findMention: FindMention): Root {
  const tree = parseHtml(html);
  const mentions: Mention[] = [];
  const waiting: (HastRoot | Element)[] = [tree];
  // Visits the first child first, so that mentions are found in the order of the text.
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const children = (node.children as ElementContent[]).map((child) => replaced(child, findMention, mentions));
    node.children = children;
    for (const child of [...children].reverse()) if (child.type === 'element') waiting.push(child);
  }
  return readHtml(toHtml(tree), {
    mentionOfUrl: (url) => (url.startsWith(placeholder) ? mentions[Number(url.slice(placeholder.length))] : undefined),
  });
}

function replaced(node: ElementContent, findMention: FindMention, mentions: Mention[]): ElementContent {
  // A non-breaking space means nothing to a reader here, and would stay in the Markdown.
  if (node.type === 'text') return { ...node, value: node.value.replaceAll('\u00A0', ' ') };
  if (node.type !== 'element') return node;
  const { tagName, properties } = node;
  if (tagName === 'a' && String(properties['href'] ?? '').startsWith(placeholder)) return { ...node, properties: {} };
  if (tagName === 'img' || tagName === 'emoji') return { type: 'text', value: String(properties['alt'] ?? '') };
  const isMention = tagName === 'at' || String(properties['itemType'] ?? '').endsWith('/Mention');
  return isMention ? asMention(textOf(node), findMention, mentions) : node;
}

function asMention(label: string, findMention: FindMention, mentions: Mention[]): ElementContent {
  const found = findMention(label);
  if (found === 'drop') return { type: 'text', value: '' };
  if (found === undefined) return { type: 'text', value: `@${label}` };
  const href = `${placeholder}${mentions.push(found) - 1}`;
  return { type: 'element', tagName: 'a', properties: { href }, children: [{ type: 'text', value: label }] };
}

/** Uses its own stack instead of recursion, because the tree may be too deep for the call stack. */
function textOf(node: Element): string {
  const parts: string[] = [];
  const waiting: Nodes[] = [node];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (one.type === 'text') parts.push(one.value);
    if ('children' in one) waiting.push(...[...(one.children as Nodes[])].reverse());
  }
  return parts.join('').replaceAll('\u00A0', ' ').trim();
}

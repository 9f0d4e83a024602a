import type { Definition, Link, ListItem, Nodes, PhrasingContent, Root } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { writeHtml } from '../../text/html.ts';
import { parseMarkdown, wellFormed } from '../../text/markdown.ts';
import { mentionNode, mentionOf, mentionsIn, type Mention } from '../../text/mention.ts';
import { plainText } from '../../text/plain.ts';
import { cutTree } from '../../text/slice-tree.ts';
import { visibleText } from '../../text/visible-text.ts';

/** The content of a text in `m.room.message` (client-server API, "m.text"). */
export interface TextContent {
  readonly msgtype: 'm.text';
  readonly body: string;
  readonly format?: 'org.matrix.custom.html';
  readonly formatted_body?: string;
  /**
   * Always present. Without it, older rules apply, by which `@room` in a text is a mention ("User and room mentions").
   */
  readonly 'm.mentions': { readonly user_ids?: readonly string[]; readonly room?: true };
}

/**
 * A whole event may have 65 536 bytes, including what the homeserver adds (client-server API, "Size limits"). An edit
 * also contains a short copy of its text for clients that know no edits.
 */
const maxBytes = 60_000;
/** Limit of the Markdown in code units. A longer source does not fit, and takes long to parse. */
const maxSource = 70_000;

export interface TextOptions {
  readonly people?: ReadonlyMap<string, Mentioned>;
  /** Changes the tree before it is written. */
  readonly change?: (tree: Root) => Root;
}

/**
 * Writes Markdown as the content of a message. What the author wrote as text never becomes markup, a link or a mention.
 * @returns undefined if there is nothing to show.
 */
export function toContent(
  markdown: string,
  { people = new Map(), change = (tree) => tree }: TextOptions = {},
): TextContent | undefined {
  const parsed = parseMarkdown(wellFormed(markdown.slice(0, maxSource)));
  const shown = shaped(parsed, people);
  if (plainText(shown) === '') return undefined;
  const whole = change(shown);
  // Each character takes at least one byte, and a text with markup is written twice.
  const length = visibleText(whole).length - (markdown.length > maxSource ? 1 : 0);
  let budget = Math.min(length, isPlain(whole) ? maxBytes : maxBytes / 2);
  const tree = cutTree(whole, budget);
  let content = render(tree, people);
  // Markup and escapes change the number of bytes per character, so the right length is approached in steps.
  while (sizeOf(content) > maxBytes && budget > 1) {
    budget = Math.floor(budget * Math.min(0.9, (maxBytes / sizeOf(content)) * 0.98));
    content = render(cutTree(tree, budget), people);
  }
  return content;
}

/** Whether `toContent` would not cut the text. */
export function fitsContent(
  markdown: string,
  { people = new Map(), change = (tree) => tree }: TextOptions = {},
): boolean {
  if (markdown.length > maxSource) return false;
  return sizeOf(render(change(shaped(parseMarkdown(markdown), people)), people)) <= maxBytes;
}

function sizeOf(content: TextContent): number {
  return Buffer.byteLength(JSON.stringify(content));
}

function render(tree: Root, people: ReadonlyMap<string, Mentioned>): TextContent {
  const mentions = mentionsIn(tree);
  const ids = mentions.flatMap(({ ref }) => knownId(people.get(ref)) ?? []);
  const room = mentions.some(({ mention }) => mention.kind === 'all');
  const base = {
    msgtype: 'm.text' as const,
    body: plainText(tree),
    'm.mentions': { ...(ids.length === 0 ? {} : { user_ids: [...new Set(ids)] }), ...(room ? { room } : {}) },
  };
  // Plain text is shown as it is, so it needs no HTML.
  if (isPlain(tree)) return base;
  const html = writeHtml(tree, {
    hrefOf({ ref }) {
      const id = knownId(people.get(ref));
      return id === undefined ? undefined : `https://matrix.to/#/${encodeURIComponent(id)}`;
    },
  });
  return { ...base, format: 'org.matrix.custom.html', formatted_body: html };
}

function knownId(person: Mentioned | undefined): string | undefined {
  return person?.id !== undefined && /^@[^\s:]+:\S+$/.test(person.id) ? person.id : undefined;
}

function isPlain(tree: Root): boolean {
  const [first, ...more] = tree.children;
  if (first?.type !== 'paragraph' || more.length > 0) return false;
  // Clients turn addresses in a plain body into links, even if the author did not mean it. HTML prevents that.
  return first.children.every(
    (one) => one.type === 'break' || (one.type === 'text' && !/https?:\/\//i.test(one.value)),
  );
}

/**
 * Replaces what Matrix's HTML cannot express: pictures become links, check boxes become text, and mentions get the
 * names of the people.
 */
function shaped(tree: Root, people: ReadonlyMap<string, Mentioned>): Root {
  const definitions = new Map<string, Definition>();
  for (const node of tree.children) if (node.type === 'definition') definitions.set(node.identifier, node);
  const waiting: Nodes[] = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!('children' in node)) continue;
    if (node.type === 'listItem') checkBox(node);
    const children = node.children as Nodes[];
    for (const [index, child] of children.entries()) {
      const other = replacement(child as PhrasingContent, definitions, people);
      if (other !== undefined) children[index] = other;
      else waiting.push(child);
    }
  }
  return tree;
}

function replacement(
  node: PhrasingContent,
  definitions: ReadonlyMap<string, Definition>,
  people: ReadonlyMap<string, Mentioned>,
): Link | undefined {
  if (node.type === 'image') return picture(node.url, node.alt);
  if (node.type === 'imageReference') return picture(definitions.get(node.identifier)?.url ?? '', node.alt);
  const found = node.type === 'link' ? mentionOf(node) : undefined;
  return found === undefined ? undefined : mentionNode(found.mention, labelOf(found, people));
}

function labelOf(
  { ref, mention, label }: { ref: string; mention: Mention; label: string },
  people: ReadonlyMap<string, Mentioned>,
): string {
  return mention.kind === 'all' ? 'room' : (people.get(ref)?.name ?? label);
}

function picture(url: string, alt: string | null | undefined): Link {
  const label = alt === null || alt === undefined || alt === '' ? url : alt;
  return { type: 'link', url, children: [{ type: 'text', value: label }] };
}

function checkBox(item: ListItem): void {
  const [first] = item.children;
  if (typeof item.checked !== 'boolean' || first?.type !== 'paragraph') return;
  first.children.unshift({ type: 'text', value: item.checked ? '☑ ' : '☐ ' });
  item.checked = null;
}

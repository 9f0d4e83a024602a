import type { Element, Nodes as HastNodes, Root as HastRoot } from 'hast';
import { fromHtml } from 'hast-util-from-html';
import { sanitize, type Schema } from 'hast-util-sanitize';
import { toHtml } from 'hast-util-to-html';
import { toMdast, type Handle } from 'hast-util-to-mdast';
import type { Link, Nodes, Root } from 'mdast';
import { toHast } from 'mdast-util-to-hast';
import { mentionNode, mentionOf, safeUrl, type Mention } from './mention.ts';

/**
 * What may stand in HTML that we write or read: the common part of what Matrix (client-server API, `m.room.message`) and
 * Teams show. No style, no script, no image that is fetched when it is looked at.
 */
const allowed: Schema = {
  tagNames:
    'a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre s span strike strong table tbody td th thead tr u ul'.split(
      ' ',
    ),
  attributes: { a: ['href'], ol: ['start'], code: [['className', /^language-/]] },
  protocols: { href: ['http', 'https', 'mailto', 'tel'] },
  strip: ['script', 'style', 'mx-reply', 'head', 'title', 'template', 'svg', 'math'],
};

/** Deeper than this is cut off: Matrix shows 100 levels (client-server API), and stacks are finite. */
const maxDepth = 90;
const maxSource = 200_000;

export interface HtmlOptions {
  /** The link that a mention becomes, `https:` only; undefined: it is shown as `@Name`. */
  readonly hrefOf?: (mention: { ref: string; mention: Mention; label: string }) => string | undefined;
}

/** A tree as HTML, made of nodes and never of text, so that nothing an author wrote is markup. */
export function writeHtml(tree: Root, { hrefOf }: HtmlOptions = {}): string {
  const named = structuredClone(tree);
  replaceLinks(named, (link) => {
    const found = mentionOf(link);
    if (found === undefined) return undefined;
    const href = hrefOf?.(found);
    const text = { type: 'text' as const, value: href === undefined ? `@${found.label}` : found.label };
    return href === undefined ? text : { type: 'link', url: href, children: [text] };
  });
  // Without `allowDangerousHtml` HTML in Markdown is left out; it is shown as the text that it is instead.
  textOfHtml(named);
  const clean = sanitize(toHast(named), allowed);
  prune(clean, 0);
  return toHtml(clean).replaceAll(/\n(?=<)|(?<=>)\n/g, '');
}

/** Elements that end by themselves, so that a row of them is not deep. */
const selfEnding = 'br hr img input wbr p li td th tr tbody thead tfoot'.split(' ');
/** The parser needs some frames of the stack for each level. */
const maxOpen = 1_000;

/** HTML as a tree that is not too deep; so much nested that it would end the stack is read as text. */
export function parseHtml(html: string): HastRoot {
  const source = html.slice(0, maxSource);
  if (isDeep(source)) return { type: 'root', children: [{ type: 'text', value: source.replaceAll(/<[^<>]*>/g, ' ') }] };
  const parsed = fromHtml(source, { fragment: true });
  prune(parsed, 0);
  return parsed;
}

/** Before the parser, which recurses: what a stranger nests does not end our stack. */
function isDeep(source: string): boolean {
  let open = 0;
  for (const [, end, name = ''] of source.matchAll(/<(\/?)([a-z][^\s/>]*)/gi)) {
    if (selfEnding.includes(name.toLowerCase())) continue;
    open = end === '/' ? Math.max(0, open - 1) : open + 1;
    if (open > maxOpen) return true;
  }
  return false;
}

export interface ReadHtmlOptions {
  /** The person that a link names, such as `https://matrix.to/#/@ann:example.com`. */
  readonly mentionOfUrl?: (url: string) => Mention | undefined;
  /** Elements of the platform's own that name a person, such as `spark-mention`, by their tag. */
  readonly mentionElements?: Readonly<Record<string, MentionElement>>;
}

export interface MentionElement {
  /** Attributes that `read` is given, as hast names them: `dataObjectId`. */
  readonly attributes: readonly string[];
  readonly read: (properties: Readonly<Record<string, unknown>>) => Mention | undefined;
}

/** HTML that a platform sent as a tree; whatever is not in the list above is left out. */
export function readHtml(html: string, { mentionOfUrl, mentionElements = {} }: ReadHtmlOptions = {}): Root {
  const parsed = parseHtml(html);
  const made = new Set<Nodes>();
  const handlers = handlersOf(mentionElements, made);
  const tree = toMdast(sanitize(parsed, schemaWith(mentionElements)) as HastRoot, { handlers });
  const root: Root = tree.type === 'root' ? tree : { type: 'root', children: [tree as Root['children'][number]] };
  replaceLinks(root, (link) => {
    if (made.has(link)) return undefined;
    const mention = mentionOfUrl?.(link.url);
    if (mention !== undefined) return mentionNode(mention, labelOf(link).replace(/^@/, ''));
    return safeUrl(link.url) === undefined ? { type: 'text', value: labelOf(link) } : undefined;
  });
  return root;
}

function schemaWith(elements: Readonly<Record<string, MentionElement>>): Schema {
  const attributes = Object.fromEntries(Object.entries(elements).map(([name, one]) => [name, [...one.attributes]]));
  return {
    ...allowed,
    tagNames: [...(allowed.tagNames ?? []), ...Object.keys(elements)],
    attributes: { ...allowed.attributes, ...attributes },
  };
}

/** @param made takes the mentions: links of our own scheme that came otherwise are none. */
function handlersOf(
  elements: Readonly<Record<string, MentionElement>>,
  made: Set<Nodes>,
): Readonly<Record<string, Handle>> {
  return Object.fromEntries(
    Object.entries(elements).map(([name, { read }]): [string, Handle] => [
      name,
      (state, element) => {
        const children = state.all(element) as Link['children'];
        const mention = read(element.properties);
        if (mention === undefined) return children;
        const node = mentionNode(mention, labelOf({ type: 'link', url: '', children }).replace(/^@/, ''));
        made.add(node);
        return node;
      },
    ]),
  );
}

/** On a stack of its own: the tree may be deeper than the machine's. */
function prune(root: HastNodes, from: number): void {
  const waiting: { node: HastNodes; depth: number }[] = [{ node: root, depth: from }];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (!('children' in one.node)) continue;
    const node = one.node as Element;
    if (one.depth >= maxDepth) node.children = node.children.filter(({ type }) => type === 'text');
    for (const child of node.children) waiting.push({ node: child as HastNodes, depth: one.depth + 1 });
  }
}

type Replacement = Link | { type: 'text'; value: string };

function replaceLinks(root: Root, change: (link: Link) => Replacement | undefined): void {
  const waiting: Nodes[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!('children' in node)) continue;
    const children = node.children as Nodes[];
    for (const [index, child] of children.entries()) {
      const other = child.type === 'link' ? change(child) : undefined;
      if (other !== undefined) children[index] = other;
      else waiting.push(child);
    }
  }
}

function textOfHtml(root: Root): void {
  const waiting: { node: Nodes; isFlow: boolean }[] = [{ node: root, isFlow: true }];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (!('children' in one.node)) continue;
    const children = one.node.children as Nodes[];
    const isFlow = ['root', 'blockquote', 'listItem', 'footnoteDefinition'].includes(one.node.type);
    for (const [index, child] of children.entries()) {
      if (child.type !== 'html') waiting.push({ node: child, isFlow });
      else if (/^<br\s*\/?>$/i.test(child.value)) children[index] = { type: 'break' };
      else {
        const text: Nodes = { type: 'text', value: child.value };
        children[index] = isFlow ? { type: 'paragraph', children: [text] } : text;
      }
    }
  }
}

function labelOf(link: Link): string {
  const parts: string[] = [];
  const waiting: Nodes[] = [...link.children].reverse();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if ('value' in node) parts.push(node.value);
    if ('children' in node) waiting.push(...[...(node.children as Nodes[])].reverse());
  }
  return parts.join('');
}

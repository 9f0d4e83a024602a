import type { Element, Nodes as HastNodes, Root as HastRoot } from 'hast';
import { fromHtml } from 'hast-util-from-html';
import { sanitize, type Schema } from 'hast-util-sanitize';
import { toHtml } from 'hast-util-to-html';
import { toMdast, type Handle } from 'hast-util-to-mdast';
import type { Link, Nodes, Root } from 'mdast';
import { toHast } from 'mdast-util-to-hast';
import { withoutBoxes } from './html-blocks.ts';
import { isCostlyHtml, textOfSource } from './html-cost.ts';
import { plainTree } from './markdown.ts';
import { mentionNode, mentionOf, safeUrl, type Mention } from './mention.ts';

/**
 * The elements and attributes that are read and written: those that both Matrix (client-server API, `m.room.message`)
 * and Teams show. Styles and scripts are excluded, and so are images, which a client would fetch when the post is
 * viewed.
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

/**
 * Elements nested more deeply are removed. Matrix shows 100 levels (client-server API), and recursive functions need a
 * limit.
 */
const maxDepth = 90;
const maxSource = 200_000;

export interface HtmlOptions {
  /** Returns the `https:` link for a mention. If it returns undefined, the mention is shown as `@Name`. */
  readonly hrefOf?: (mention: { ref: string; mention: Mention; label: string }) => string | undefined;
}

/**
 * Writes a tree as HTML. It is built from nodes and never from text, so that text which an author wrote never becomes
 * markup.
 */
export function writeHtml(tree: Root, { hrefOf }: HtmlOptions = {}): string {
  const named = structuredClone(tree);
  replaceLinks(named, (link) => {
    const found = mentionOf(link);
    if (found === undefined) return undefined;
    const href = hrefOf?.(found);
    const text = { type: 'text' as const, value: href === undefined ? `@${found.label}` : found.label };
    return href === undefined ? text : { type: 'link', url: href, children: [text] };
  });
  // Without `allowDangerousHtml`, toHast drops raw HTML in Markdown. Turn it into text before, so that readers see what
  // the author wrote.
  textOfHtml(named);
  const clean = sanitize(toHast(named), allowed);
  prune(clean, 0);
  dropLineEnds(clean);
  return toHtml(clean);
}

/** Parses HTML into a tree of limited depth. HTML that is too costly to read becomes a single text node. */
export function parseHtml(html: string): HastRoot {
  const source = html.slice(0, maxSource);
  if (isCostlyHtml(source)) return { type: 'root', children: [{ type: 'text', value: textOfSource(source) }] };
  const parsed = fromHtml(source, { fragment: true });
  // Prune before any recursive function runs, because a stranger may have nested elements so deeply that the stack
  // would overflow.
  prune(parsed, 0);
  return parsed;
}

export interface ReadHtmlOptions {
  /** The person whom a link names, such as `https://matrix.to/#/@ann:example.com`. */
  readonly mentionOfUrl?: (url: string) => Mention | undefined;
  /** The platform's own elements that name a person, such as `spark-mention`, by tag name. */
  readonly mentionElements?: Readonly<Record<string, MentionElement>>;
}

export interface MentionElement {
  /** The attributes that are passed to `read`, in hast's spelling, such as `dataObjectId`. */
  readonly attributes: readonly string[];
  readonly read: (properties: Readonly<Record<string, unknown>>) => Mention | undefined;
}

/**
 * Reads HTML that a platform sent into a tree. Elements that are neither in the list above nor in `mentionElements` are
 * dropped.
 */
export function readHtml(html: string, { mentionOfUrl, mentionElements = {} }: ReadHtmlOptions = {}): Root {
  const source = html.slice(0, maxSource);
  if (isCostlyHtml(source)) return plainTree(textOfSource(source));
  const made = new Set<Nodes>();
  const handlers = handlersOf(mentionElements, made);
  const parsed = parseHtml(source);
  withoutBoxes(parsed);
  const clean = sanitize(parsed, schemaWith(mentionElements)) as HastRoot;
  dropEmpty(clean);
  const tree = toMdast(clean, { handlers });
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

/**
 * @param made collects the mentions that are created here. Any other link with our own scheme was written by a stranger
 * and is not a mention.
 */
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

/** Uses its own stack instead of recursion, because the tree may be too deep for the call stack. */
function prune(root: HastNodes, from: number): void {
  const waiting: { node: HastNodes; depth: number }[] = [{ node: root, depth: from }];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (!('children' in one.node)) continue;
    const node = one.node as Element;
    if (one.depth >= maxDepth) node.children = node.children.filter(({ type }) => type === 'text');
    for (const child of node.children) waiting.push({ node: child as HastNodes, depth: one.depth + 1 });
  }
}

const inline = new Set('a b code del em i s span strike strong u'.split(' '));

/**
 * Removes inline elements that are empty or contain only white space, also nested ones. They show nothing, and the time
 * that hast-util-to-mdast spends on them grows with the square of their number (3 000 of `<b></b>` take minutes).
 */
function dropEmpty(root: HastRoot): void {
  const waiting: Element[] = [];
  const visit: HastNodes[] = [root];
  for (let node = visit.pop(); node !== undefined; node = visit.pop()) {
    if (!('children' in node)) continue;
    waiting.push(node as Element);
    visit.push(...(node.children as HastNodes[]));
  }
  // Children come after their parents in this list. Walking it backwards visits each parent after its children were
  // cleaned.
  for (const node of waiting.reverse()) {
    const kept: HastNodes[] = [];
    for (const child of node.children) {
      const blank = child.type === 'element' && inline.has(child.tagName) ? blankOf(child) : undefined;
      const text = blank ?? (child.type === 'text' ? child.value : undefined);
      const last = kept.at(-1);
      if (text === undefined) kept.push(child);
      else if (last?.type === 'text') last.value += text;
      else if (text !== '') kept.push({ type: 'text', value: text });
    }
    node.children = kept as typeof node.children;
  }
}

/** The white space that is the element's whole content; undefined if it contains more. */
function blankOf({ children }: Element): string | undefined {
  const [first, ...more] = children;
  if (first === undefined) return '';
  return more.length === 0 && first.type === 'text' && first.value.trim() === '' ? first.value : undefined;
}

const blocks = new Set('blockquote h1 h2 h3 h4 h5 h6 hr li ol p pre table tbody td th thead tr ul br'.split(' '));

/**
 * Removes line ends between blocks, which only make the HTML longer. Line ends inside a paragraph are white space and
 * stay, and those in code are content.
 */
function dropLineEnds(root: HastNodes): void {
  const waiting: HastNodes[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!('children' in node) || (node.type === 'element' && node.tagName === 'pre')) continue;
    const children = node.children as HastNodes[];
    const isEdge = (one: HastNodes | undefined): boolean =>
      one === undefined || (one.type === 'element' && blocks.has(one.tagName));
    node.children = children.filter(
      (one, index) =>
        one.type !== 'text' || one.value !== '\n' || !(isEdge(children[index - 1]) || isEdge(children[index + 1])),
    ) as typeof node.children;
    waiting.push(...(node.children as HastNodes[]));
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

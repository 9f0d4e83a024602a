import type { BlockContent, Definition, ListItem, Nodes, Paragraph, PhrasingContent, Root } from 'mdast';
import type { Mentioned } from '../connector.ts';
import { mentionNode, mentionOf } from '../dialect/mention.ts';
import { alignedRows } from '../dialect/plain.ts';
import { linkTarget, withoutMentions } from './escape.ts';

export interface SimplifyOptions {
  /** Who is mentioned, by the mention's `ref`. */
  readonly people: ReadonlyMap<string, Mentioned>;
  /** False: whoever is mentioned is named as text. */
  readonly areMentionsNative: boolean;
}

interface Context extends SimplifyOptions {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly depth: number;
  readonly styles: readonly string[];
}

/** Deeper than this says nothing more, and the stack is finite. */
const maxDepth = 30;
/** Webex shows three levels of headings. */
const maxHeading = 3;
const personId = /^[A-Za-z0-9_=-]+$/;

/**
 * The tree with nothing in it but what Webex shows (developer.webex.com, "Formatting Messages"): no tables, pictures,
 * footnotes, HTML or struck text. A mention that is left is of somebody known here, under their own id.
 */
export function simplify(tree: Root, options: SimplifyOptions): Root {
  const definitions = new Map<string, Definition>();
  for (const node of tree.children) if (node.type === 'definition') definitions.set(node.identifier, node);
  return { type: 'root', children: blocks(tree.children, { ...options, definitions, depth: 0, styles: [] }) };
}

function blocks(nodes: readonly Nodes[], context: Context): BlockContent[] {
  if (context.depth > maxDepth) return paragraph([{ type: 'text', value: plain(nodes) }], context);
  return nodes.flatMap((node) => block(node, { ...context, depth: context.depth + 1 }));
}

function block(node: Nodes, context: Context): BlockContent[] {
  switch (node.type) {
    case 'paragraph':
      return paragraph(node.children, context);
    case 'heading': {
      const line = inline(node.children, context).map((one) => (one.type === 'break' ? text(' ') : one));
      const depth = Math.min(node.depth, maxHeading) as 1 | 2 | 3;
      return line.length === 0 ? [] : [{ type: 'heading', depth, children: line }];
    }
    case 'blockquote': {
      const children = blocks(node.children, context);
      return children.length === 0 ? [] : [{ type: 'blockquote', children }];
    }
    case 'list': {
      const { ordered, start } = node;
      const children = node.children.map((one) => listItem(one, context)).filter((one) => one.children.length > 0);
      return children.length === 0 ? [] : [{ type: 'list', ordered, start, spread: false, children }];
    }
    case 'code':
      return [codeBlock(node.value)];
    case 'table':
      return [codeBlock(alignedRows(node))];
    case 'thematicBreak':
      return [{ type: 'thematicBreak' }];
    case 'footnoteDefinition':
      return [...paragraph([text(`[${node.identifier}]`)], context), ...blocks(node.children, context)];
    case 'definition':
    case 'yaml':
      return [];
    default:
      return paragraph([node as PhrasingContent], context);
  }
}

function listItem({ checked, children }: ListItem, context: Context): ListItem {
  const box = typeof checked === 'boolean' ? text(checked ? '☑ ' : '☐ ') : undefined;
  const [first, ...rest] = blocks(children, context);
  if (box === undefined)
    return { type: 'listItem', spread: false, children: first === undefined ? [] : [first, ...rest] };
  const head: Paragraph = {
    type: 'paragraph',
    children: [box, ...(first?.type === 'paragraph' ? first.children : [])],
  };
  const others = first === undefined || first.type === 'paragraph' ? rest : [first, ...rest];
  return { type: 'listItem', spread: false, children: [head, ...others] };
}

/** Without a language: it is no part of the text, and an author's words. */
function codeBlock(value: string): BlockContent {
  return { type: 'code', value: withoutMentions(value) };
}

function paragraph(nodes: readonly Nodes[], context: Context): Paragraph[] {
  const children = trimmed(inline(nodes, context));
  return children.length === 0 ? [] : [{ type: 'paragraph', children }];
}

function inline(nodes: readonly Nodes[], context: Context): PhrasingContent[] {
  if (context.depth > maxDepth) return lines(plain(nodes));
  return nodes.flatMap((node) => phrase(node, { ...context, depth: context.depth + 1 }));
}

function phrase(node: Nodes, context: Context): PhrasingContent[] {
  switch (node.type) {
    case 'text':
      return lines(node.value);
    case 'strong':
    case 'emphasis': {
      // The same style twice would end it.
      if (context.styles.includes(node.type)) return inline(node.children, context);
      const children = inline(node.children, { ...context, styles: [...context.styles, node.type] });
      return children.length === 0 ? [] : [{ type: node.type, children }];
    }
    case 'inlineCode': {
      const value = withoutMentions(node.value.replaceAll(/\s*\n\s*/g, ' '));
      return value.trim() === '' ? [] : [{ type: 'inlineCode', value }];
    }
    case 'break':
      return [{ type: 'break' }];
    case 'html':
      return /^<br\s*\/?>$/i.test(node.value) ? [{ type: 'break' }] : lines(node.value);
    case 'link':
      return mention(node, context) ?? link(node.url, node.children, context);
    case 'image':
      return link(node.url, [text(node.alt ?? '')], context);
    case 'linkReference':
      return link(context.definitions.get(node.identifier)?.url ?? '', node.children, context);
    case 'imageReference':
      return link(context.definitions.get(node.identifier)?.url ?? '', [text(node.alt ?? '')], context);
    case 'footnoteReference':
      return [text(`[${node.identifier}]`)];
    default:
      return 'children' in node ? inline(node.children, context) : lines(plain([node]));
  }
}

/** A person who is known here is told; anybody else is named, as text. */
function mention(node: Extract<Nodes, { type: 'link' }>, context: Context): PhrasingContent[] | undefined {
  const found = mentionOf(node);
  if (found === undefined) return undefined;
  const { id, name = found.label } = context.people.get(found.ref) ?? {};
  if (!context.areMentionsNative) return [text(`@${name}`)];
  if (found.mention.kind === 'all') return [mentionNode(found.mention, 'all')];
  if (id === undefined || !personId.test(id)) return [text(`@${name}`)];
  // Here the connection's name means nothing any more.
  return [mentionNode({ kind: 'native', connection: 'webex', id }, name)];
}

function link(url: string, label: readonly Nodes[], context: Context): PhrasingContent[] {
  const target = linkTarget(url);
  const children = trimmed(inline(label, context)).filter(({ type }) => type !== 'link');
  const shown = children.map((one) => (one.type === 'break' ? text(' ') : one));
  if (target === undefined) return [...shown, ...(url === '' || plain(shown) === url ? [] : [text(` (${url})`)])];
  return [{ type: 'link', url: target, children: shown.length === 0 ? [text(url)] : shown }];
}

const text = (value: string): PhrasingContent => ({ type: 'text', value });

/** Every line end is a break: people see them where they made them. */
function lines(value: string): PhrasingContent[] {
  return value
    .split('\n')
    .flatMap((line, index): PhrasingContent[] => [
      ...(index === 0 ? [] : [{ type: 'break' as const }]),
      ...(line === '' ? [] : [text(line)]),
    ]);
}

/** White space at either end, or beside a break, is not shown, and would have to be encoded to stay. */
function trimmed(nodes: readonly PhrasingContent[]): PhrasingContent[] {
  const kept: PhrasingContent[] = [];
  for (const [index, node] of nodes.entries()) {
    const isFirst = kept.length === 0 || kept.at(-1)?.type === 'break';
    const isLast = index === nodes.length - 1 || nodes[index + 1]?.type === 'break';
    if (node.type === 'break' && isFirst) continue;
    if (node.type !== 'text') {
      kept.push(node);
      continue;
    }
    const start = isFirst ? node.value.trimStart() : node.value;
    const value = isLast ? start.trimEnd() : start;
    if (value !== '') kept.push(text(value));
  }
  while (kept.at(-1)?.type === 'break') kept.pop();
  return kept;
}

/** What the nodes say; on a stack of its own, because trees can be deeper than the machine's. */
function plain(nodes: readonly Nodes[]): string {
  const stack = [...nodes].reverse();
  let said = '';
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if ('children' in node) for (const child of [...node.children].reverse()) stack.push(child);
    else if ('value' in node) said += node.value;
    else if (node.type === 'break') said += '\n';
  }
  return said;
}

import type { BlockContent, Definition, ListItem, Nodes, Paragraph, PhrasingContent, Root } from 'mdast';
import { alignedRows } from '../../text/plain.ts';
import { withoutMentions } from './escape.ts';
import { inline, maxDepth, plain, text, trimmed, type Context } from './simplify-inline.ts';

const maxHeading = 3;

/**
 * Reduces a tree to what Webex shows (developer.webex.com, "Formatting Messages"): no tables, pictures, footnotes, HTML
 * or struck text, and three levels of headings. Each mention that remains is of a person who is known on Webex, with
 * their id there.
 */
export function simplify(tree: Root, options: Pick<Context, 'people' | 'areMentionsNative'>): Root {
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

/** The language is left out: Webex does not show it, and it is text of the author that would not be escaped. */
function codeBlock(value: string): BlockContent {
  return { type: 'code', value: withoutMentions(value) };
}

function paragraph(nodes: readonly Nodes[], context: Context): Paragraph[] {
  const children = trimmed(inline(nodes, context));
  return children.length === 0 ? [] : [{ type: 'paragraph', children }];
}

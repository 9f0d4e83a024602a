import type { Element, ElementContent, Root as HastRoot } from 'hast';
import type { Definition, List, Nodes, Root } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { alignedRows } from '../../text/plain.ts';
import { element, inline, maxDepth, text, type RenderContext } from './render-inline.ts';

/**
 * Renders a tree as the XML that Teams shows. It is built from nodes and never from text, so that text which an author
 * wrote never becomes markup. A heading becomes strong, a table preformatted text and an image a link, because text
 * messages have no such elements (msteams-docs, "Format your bot messages").
 */
export function render(tree: Root, people: ReadonlyMap<string, Mentioned>): HastRoot {
  const definitions = new Map<string, Definition>();
  for (const node of tree.children) if (node.type === 'definition') definitions.set(node.identifier, node);
  return { type: 'root', children: blocks(tree.children, { definitions, people, depth: 0, inLink: false }) };
}

function blocks(nodes: readonly Nodes[], context: RenderContext): Element[] {
  const deeper = { ...context, depth: context.depth + 1 };
  if (deeper.depth > maxDepth) return [];
  return nodes.flatMap((node) => block(node, deeper));
}

function block(node: Nodes, context: RenderContext): Element[] {
  switch (node.type) {
    case 'paragraph':
      return paragraph(inline(node.children, context));
    case 'heading':
      return paragraph([element('strong', inline(node.children, context))]);
    case 'blockquote':
      return filled('blockquote', blocks(node.children, context));
    case 'code':
      return [element('pre', [text(node.value)])];
    case 'list':
      return list(node, context);
    case 'table':
      return [element('pre', [text(alignedRows(node))])];
    case 'thematicBreak':
      return paragraph([text('---')]);
    case 'html':
      return paragraph(inline([{ type: 'text', value: node.value }], context));
    case 'footnoteDefinition':
      return [...paragraph([text(`[${node.identifier}]`)]), ...blocks(node.children, context)];
    case 'definition':
    case 'yaml':
      return [];
    default:
      return paragraph(inline([node], context));
  }
}

function filled(tagName: string, children: ElementContent[]): Element[] {
  return children.length === 0 ? [] : [element(tagName, children)];
}

function paragraph(children: ElementContent[]): Element[] {
  return isBlank(children) ? [] : [element('p', children)];
}

function isBlank(nodes: readonly ElementContent[]): boolean {
  return nodes.every((node) =>
    node.type === 'text' ? node.value.trim() === '' : node.type !== 'element' || isBlank(node.children),
  );
}

function list(node: List, context: RenderContext): Element[] {
  const items = node.children.map((item) => {
    const box = typeof item.checked === 'boolean' ? [text(item.checked ? '☑ ' : '☐ ')] : [];
    const [first, ...rest] = item.children;
    // Only a paragraph after another block becomes a `p` element.
    const head = first?.type === 'paragraph' ? inline(first.children, context) : [];
    const others = first?.type === 'paragraph' ? rest : item.children;
    return element('li', [...box, ...head, ...blocks(others, context)]);
  });
  if (node.ordered !== true) return filled('ul', items);
  const start = node.start ?? 1;
  return filled('ol', items).map((one) => ({ ...one, properties: start === 1 ? {} : { start } }));
}

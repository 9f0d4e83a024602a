import type { Definition, List, Nodes, Root } from 'mdast';
import type { Mentioned } from '../contract/connector.ts';
import { renderInline, style, type RenderContext, type StarMarkup } from './star-inline.ts';

const indent = '    ';

/**
 * Writes a tree in the markup of Slack or Google Chat. What the author wrote as text never becomes markup, a link or a
 * mention.
 */
export function renderStar(tree: Root, markup: StarMarkup, people: ReadonlyMap<string, Mentioned>): string {
  const definitions = new Map<string, Definition>();
  for (const node of tree.children) if (node.type === 'definition') definitions.set(node.identifier, node);
  const context: RenderContext = { markup, definitions, people, styles: '', depth: 0, quoted: false };
  return renderBlocks(tree.children, context).join('\n\n');
}

/** Renders block content: one text for each block that is not empty. */
function renderBlocks(nodes: readonly Nodes[], context: RenderContext): string[] {
  return nodes.map((node) => block(node, context)).filter((text) => text !== '');
}

function block(node: Nodes, context: RenderContext): string {
  const { escapeLineStarts, escapeText, fenced, rows } = context.markup;
  switch (node.type) {
    case 'paragraph':
      return escapeLineStarts(renderInline(node.children, context)).trim();
    case 'heading':
      return style('*', renderInline(node.children, { ...context, styles: `${context.styles}*` }));
    case 'blockquote':
      return quote(node.children, context);
    case 'code':
      return codeBlock(fenced(node.value));
    case 'list':
      return list(node, context);
    case 'table':
      return codeBlock(fenced(rows(node)));
    case 'thematicBreak':
      return '---';
    case 'html':
      return escapeLineStarts(escapeText(node.value)).trim();
    case 'footnoteDefinition':
      return `[${escapeText(node.identifier)}] ${renderBlocks(node.children, context).join('\n')}`;
    case 'definition':
    case 'yaml':
      return '';
    default:
      return escapeLineStarts(renderInline([node], context)).trim();
  }
}

/**
 * Renders quotes with at most one level. On a platform without quotes, `> ` before a fence would keep the code block
 * from being one, so it is left out there.
 */
function quote(nodes: readonly Nodes[], context: RenderContext): string {
  const inner = { ...context, quoted: true };
  if (context.quoted) return renderBlocks(nodes, inner).join('\n\n');
  const { hasQuotes } = context.markup;
  const parts = nodes.flatMap((node) => {
    const text = block(node, inner);
    const isBare = !hasQuotes && (node.type === 'code' || node.type === 'table');
    return text === '' ? [] : [isBare ? text : text.replaceAll(/^/gm, '> ')];
  });
  return parts.join(hasQuotes ? '\n> \n' : '\n\n');
}

/** These platforms take no language, and the text inside must not contain a fence. */
function codeBlock(safe: string): string {
  return `\`\`\`
${safe}
\`\`\``;
}

/** List markers and numbers are text. A nested list is indented. */
function list(node: List, context: RenderContext): string {
  const first = node.start ?? 1;
  return node.children
    .map((item, index) => {
      const mark = node.ordered === true ? `${first + index}.` : context.markup.bullet;
      const box = typeof item.checked === 'boolean' ? (item.checked ? ' ☑' : ' ☐') : '';
      const parts = item.children.map((child) => {
        const text = block(child, context);
        // Code keeps its own indentation.
        return child.type === 'code' || child.type === 'table' ? text : text.replaceAll('\n', `\n${indent}`);
      });
      const [head = '', ...rest] = parts.filter((text) => text !== '');
      return [`${mark}${box} ${head}`.trimEnd(), ...rest.map((text) => `${indent}${text}`)].join('\n');
    })
    .join('\n');
}

import { alignedRows } from '../dialect/plain.ts';
import { escapeCode, escapeLineStarts, escapeText } from './escape.ts';
import { renderInline, style, type Node, type RenderContext } from './render-inline.ts';

type List = Extract<Node, { type: 'list' }>;

const indent = '    ';

/** Flow content as Google Chat's text, one for each block that has any. */
export function renderBlocks(nodes: readonly Node[], context: RenderContext): string[] {
  return nodes.map((node) => block(node, context)).filter((text) => text !== '');
}

function block(node: Node, context: RenderContext): string {
  switch (node.type) {
    case 'paragraph':
      return escapeLineStarts(renderInline(node.children, context)).trim();
    case 'heading':
      return style('*', renderInline(node.children, { ...context, styles: `${context.styles}*` }));
    case 'blockquote':
      return quote(renderBlocks(node.children, { ...context, quoted: true }).join('\n\n'), context);
    case 'code':
      return codeBlock(node.value);
    case 'list':
      return list(node, context);
    case 'table':
      return codeBlock(alignedRows(node));
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

/** There are no quotes: the mark is text, and people know it. */
function quote(text: string, context: RenderContext): string {
  return context.quoted || text === '' ? text : text.replaceAll(/^/gm, '> ');
}

/** No language, and nothing inside may look like the end. */
function codeBlock(value: string): string {
  return `\`\`\`\n${escapeCode(value)}\n\`\`\``;
}

/** Bullets are markup, numbers are text; a list in a list is moved in. */
function list(node: List, context: RenderContext): string {
  const first = node.start ?? 1;
  return node.children
    .map((item, index) => {
      const mark = node.ordered === true ? `${first + index}.` : '*';
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

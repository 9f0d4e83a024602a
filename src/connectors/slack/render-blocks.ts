import { escapeEntities, escapeLineStarts, escapeText, zeroWidthSpace } from './escape.ts';
import { plainText, renderInline, style, type Node, type RenderContext } from './render-inline.ts';

type List = Extract<Node, { type: 'list' }>;
type Table = Extract<Node, { type: 'table' }>;

const indent = '    ';

/** Flow content as mrkdwn, one text for each block that has any. */
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

/** mrkdwn knows one level of quotes. */
function quote(text: string, context: RenderContext): string {
  return context.quoted || text === '' ? text : text.replaceAll(/^/gm, '> ');
}

/** No language, and nothing inside may look like the end. */
function codeBlock(value: string): string {
  const safe = value.replaceAll(/`{3,}/g, (ticks) => ticks.split('').join(zeroWidthSpace));
  return `\`\`\`\n${escapeEntities(safe)}\n\`\`\``;
}

/** mrkdwn has no lists: bullets and numbers are text, and so is what they are moved in by. */
function list(node: List, context: RenderContext): string {
  const first = node.start ?? 1;
  return node.children
    .map((item, index) => {
      const mark = node.ordered === true ? `${first + index}.` : '•';
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

function alignedRows(table: Table): string {
  const rows = table.children.map((row) => row.children.map((cell) => plainText(cell.children).replaceAll('\n', ' ')));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));
  const lines = rows.map((row) =>
    widths
      .map((wide, column) => (row[column] ?? '') + ' '.repeat(wide - width(row[column] ?? '')))
      .join(' | ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((wide) => '-'.repeat(wide)).join('-|-'));
  return lines.join('\n');
}

/** In characters as they are seen. */
function width(text: string): number {
  return [...new Intl.Segmenter().segment(text)].length;
}

import type { Nodes, Parents, PhrasingContent, Root, Table } from 'mdast';
import { mentionOf, textOf } from './mention.ts';

/** Deeper levels are left out, because the functions below recurse. */
const maxDepth = 100;

/** Writes a tree as plain text, for platforms without markup, for fallbacks and for notifications. */
export function plainText(tree: Root): string {
  return blocks(tree, 0).trim();
}

function blocks(parent: Parents, depth: number): string {
  if (depth > maxDepth) return '';
  return parent.children
    .map((child) => block(child, depth + 1))
    .filter((text) => text !== '')
    .join('\n\n');
}

function block(node: Nodes, depth: number): string {
  switch (node.type) {
    case 'paragraph':
    case 'heading':
      return inline(node.children);
    case 'blockquote':
      return blocks(node, depth).replaceAll(/^/gm, '> ');
    case 'code':
      return node.value;
    case 'list':
      return node.children
        .map((item, index) => {
          const mark = node.ordered === true ? `${(node.start ?? 1) + index}.` : '-';
          const box = typeof item.checked === 'boolean' ? (item.checked ? ' [x]' : ' [ ]') : '';
          const text = item.children
            .map((child) => block(child, depth + 1))
            .filter((part) => part !== '')
            .join('\n');
          return `${mark}${box} ${text.replaceAll('\n', '\n  ')}`.trimEnd();
        })
        .join('\n');
    case 'table':
      return alignedRows(node);
    case 'thematicBreak':
      return '---';
    case 'html':
      return node.value;
    case 'footnoteDefinition':
      return `[${node.identifier}] ${blocks(node, depth)}`;
    case 'definition':
    case 'yaml':
      return '';
    default:
      return inline([node as PhrasingContent]);
  }
}

function inline(nodes: readonly PhrasingContent[]): string {
  return nodes.map(one).join('');
}

function one(node: PhrasingContent): string {
  switch (node.type) {
    case 'text':
    case 'inlineCode':
      return node.value;
    case 'html':
      return /^<br\s*\/?>$/i.test(node.value) ? '\n' : node.value;
    case 'break':
      return '\n';
    case 'link': {
      const mention = mentionOf(node);
      if (mention !== undefined) return `@${mention.label}`;
      const label = textOf(node.children);
      return label === '' || label === node.url ? node.url : `${label} (${node.url})`;
    }
    case 'image':
      return node.alt === undefined || node.alt === null || node.alt === '' ? node.url : `${node.alt} (${node.url})`;
    case 'footnoteReference':
      return `[${node.identifier}]`;
    default:
      return 'children' in node ? inline(node.children) : '';
  }
}

/** Writes a table as lines of text with aligned columns, to be shown in a code block if the platform has them. */
export function alignedRows(table: Table): string {
  const rows = table.children.map((row) => row.children.map((cell) => textOf(cell.children).replaceAll('\n', ' ')));
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(text));
  const lines = rows.map((row) =>
    row
      .map((text, column) => text + ' '.repeat((widths[column] ?? 0) - width(text)))
      .join(' | ')
      .trimEnd(),
  );
  const rule = widths.map((length) => '-'.repeat(length)).join('-|-');
  return [...lines.slice(0, 1), rule, ...lines.slice(1)].join('\n');
}

const segmenter = new Intl.Segmenter();

/** The width in characters as a reader counts them. */
function width(text: string): number {
  return [...segmenter.segment(text)].length;
}

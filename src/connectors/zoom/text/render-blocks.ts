import type { List, ListItem, Nodes, Parents, PhrasingContent } from 'mdast';
import { alignedRows } from '../../text/plain.ts';
import { format, writeInline, type RenderContext } from './render-inline.ts';
import type { Draft } from './rich-text.ts';

/** The indentation of one list level. `read.ts` reads the same number of spaces as one level. */
export const indent = '    ';
/** Deeper blocks are left out, because writing recurses. */
const maxDepth = 100;

/** Appends block content to a draft, with a blank line between blocks. */
export function writeBlocks(draft: Draft, parent: Parents, context: RenderContext): void {
  if (context.depth > maxDepth) return;
  for (const child of parent.children) {
    const before = draft.text;
    const isFirst = before === '' || before.endsWith('\n\n');
    if (!isFirst) draft.text += '\n\n';
    const start = draft.text.length;
    writeBlock(draft, child, { ...context, depth: context.depth + 1 });
    if (draft.text.length === start) draft.text = before;
  }
}

function writeBlock(draft: Draft, node: Nodes, context: RenderContext): void {
  const start = draft.text.length;
  switch (node.type) {
    case 'paragraph':
      writeInline(draft, node.children, context);
      return;
    case 'heading':
      writeInline(draft, node.children, { ...context, lineEnd: ' ' });
      if (context.isRich && !context.styles.includes('Quote'))
        format(draft, 'Paragraph', start, `h${Math.min(node.depth, 3)}`);
      return;
    case 'blockquote':
      writeQuote(draft, node, context);
      return;
    case 'list':
      writeList(draft, node, context, { level: 0, isNative: isNativeList(node, context) });
      return;
    case 'code':
    case 'html':
      draft.text += node.value;
      return;
    case 'table':
      draft.text += alignedRows(node);
      return;
    case 'thematicBreak':
      draft.text += '---';
      return;
    case 'footnoteDefinition':
      draft.text += `[${node.identifier}] `;
      writeFlat(draft, node, context);
      return;
    case 'definition':
    case 'yaml':
      return;
    default:
      if ('children' in node) writeBlocks(draft, node as Parents, context);
      else writeInline(draft, [node as PhrasingContent], context);
  }
}

/**
 * Zoom knows one level of quotes and keeps no styles in them but italics and links ("format_type", rule 5). Without
 * formats, a quote is written with `> ` as in mail.
 */
function writeQuote(draft: Draft, node: Parents, context: RenderContext): void {
  const start = draft.text.length;
  if (context.styles.includes('Quote')) {
    writeBlocks(draft, node, context);
    return;
  }
  const inner: Draft = { text: '', formats: [], mentions: [] };
  writeBlocks(inner, node, { ...context, styles: [...context.styles, 'Quote', 'Bold', 'Strikethrough'] });
  if (!context.isRich) {
    draft.text += inner.text.replaceAll(/^/gm, '> ');
    return;
  }
  // The quote must come before the formats inside it, because a later format is applied on top of earlier ones.
  draft.text += inner.text;
  format(draft, 'Quote', start);
  const moved = <T extends { start_position: number; end_position: number }>(one: T): T => ({
    ...one,
    start_position: one.start_position + start,
    end_position: one.end_position + start,
  });
  draft.formats.push(...inner.formats.map(moved));
  draft.mentions.push(...inner.mentions.map(moved));
}

interface ListContext {
  /** Starts at 0. */
  readonly level: number;
  /** True if the list is written as a list of Zoom's, and not as text with bullets. */
  readonly isNative: boolean;
}

function writeList(draft: Draft, node: List, context: RenderContext, { level, isNative }: ListContext): void {
  const ordered = node.ordered === true;
  for (const [index, item] of node.children.entries()) {
    if (index > 0) draft.text += '\n';
    const start = draft.text.length;
    draft.text += indent.repeat(level);
    if (!isNative) draft.text += ordered ? `${(node.start ?? 1) + index}. ` : '• ';
    if (typeof item.checked === 'boolean') draft.text += item.checked ? '☑ ' : '☐ ';
    writeItem(draft, item, context, { level, isNative });
    if (isNative) formatLine(draft, ordered ? 'NumberedList' : 'BulletedList', start);
  }
}

function writeItem(draft: Draft, item: ListItem, context: RenderContext, list: ListContext): void {
  for (const [index, child] of item.children.entries()) {
    if (child.type === 'list') {
      draft.text += '\n';
      writeList(draft, child, context, { ...list, level: list.level + 1 });
      continue;
    }
    if (index > 0) draft.text += `\n${indent.repeat(list.level + 1)}`;
    if (child.type === 'paragraph') writeInline(draft, child.children, context);
    else writeFlat(draft, { type: 'root', children: [child] }, context);
  }
}

/** Writes blocks without formats, where Zoom allows no other format. */
function writeFlat(draft: Draft, parent: Parents, context: RenderContext): void {
  const inner: Draft = { text: '', formats: [], mentions: [] };
  writeBlocks(inner, parent, { ...context, isRich: false, depth: context.depth + 1 });
  draft.text += inner.text;
}

/**
 * Formats only the first line that was written since `start`, because nested items below it have formats of their own.
 */
function formatLine(draft: Draft, format_type: 'BulletedList' | 'NumberedList', start_position: number): void {
  const lineEnd = draft.text.indexOf('\n', start_position);
  const end_position = lineEnd === -1 ? draft.text.length : lineEnd;
  if (end_position > start_position) draft.formats.push({ start_position, end_position, format_type });
}

/**
 * A list whose items have one line each becomes a list of Zoom's. Deeper levels are lines that begin with spaces,
 * because a list removes any `LeftIndent`. Any other list is written as text with bullets or numbers.
 */
function isNativeList(list: List, { isRich, styles }: RenderContext): boolean {
  return isRich && !styles.includes('Quote') && isSimple(list, 0);
}

/** Whether each item is one line, with at most one such list below it. */
function isSimple(list: List, depth: number): boolean {
  if (depth > 10 || (list.ordered === true && (list.start ?? 1) !== 1)) return false;
  return list.children.every(({ children: [first, second, ...more] }) => {
    if (more.length > 0 || first?.type !== 'paragraph' || !isOneLine(first.children)) return false;
    return second === undefined || (second.type === 'list' && isSimple(second, depth + 1));
  });
}

function isOneLine(nodes: readonly PhrasingContent[]): boolean {
  return nodes.every((node) => {
    if (node.type === 'break') return false;
    if ('value' in node) return !/[\r\n]|^<br/i.test(node.value);
    return !('children' in node) || isOneLine(node.children);
  });
}

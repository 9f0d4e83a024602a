import type { List, Nodes, PhrasingContent, Root } from 'mdast';
import { mentionOf, textOf } from '../../src/connectors/text/mention.ts';
import { alignedRows } from '../../src/connectors/text/plain.ts';
import { tidy } from '../../src/connectors/text/tidy.ts';
import type { Kept } from '../../src/connectors/contract/kept.ts';

const all: Kept = {
  strike: 'kept',
  code: 'kept',
  codeBlock: 'kept',
  heading: 'kept',
  list: 'kept',
  quote: 'kept',
  table: 'kept',
  rule: 'kept',
};

interface Place {
  readonly keeps: Kept;
  /** Whether a mention is of a known person. Any other mention is text. */
  readonly isKnown: (ref: string) => boolean;
  /** The mark of a list's items where a list is text. */
  readonly bullet: string;
  readonly everybody: (label: string) => string;
  readonly isInQuote: boolean;
  readonly level: number;
}

export interface OutlineOptions {
  /** What a platform keeps of a tree. Default: everything, which is right for the tree of a message that arrived. */
  readonly keeps?: Kept | undefined;
  readonly isKnown: (ref: string) => boolean;
  readonly bullet?: string;
  /** The text of a mention of everybody. Default: it is a mention. */
  readonly everybody?: ((label: string) => string) | undefined;
}

/**
 * Returns the lines of a tree, each with its kind, such as `quote: a <strong>b</strong>`. Two trees that look the same
 * to a reader have the same lines.
 */
export function outline(
  tree: Root,
  { keeps = all, isKnown, bullet = '•', everybody = () => '<everybody>' }: OutlineOptions,
): string[] {
  return blocks(tidy(tree).children, { keeps, isKnown, bullet, everybody, isInQuote: false, level: 0 })
    .map((one) => one.replaceAll(/\s+/g, ' ').replaceAll('\u200B', '').trim())
    .filter((one) => one !== '');
}

function blocks(nodes: readonly Nodes[], place: Place): string[] {
  return nodes.flatMap((node) => block(node, place));
}

function block(node: Nodes, place: Place): string[] {
  const { keeps } = place;
  switch (node.type) {
    case 'heading': {
      const line = inline(node.children, place);
      if (keeps.heading === 'strong') return [`<strong>${line}</strong>`];
      return [`h${keeps.heading === 'kept' ? node.depth : Math.min(node.depth, 3)}: ${line}`];
    }
    case 'code':
      if (keeps.codeBlock === 'text') return node.value.split('\n');
      return node.value
        .split('\n')
        .map((line) => `code ${keeps.codeBlock === 'kept' ? (node.lang ?? '') : ''}: ${line}`);
    case 'table':
      if (keeps.table !== 'kept')
        return block(
          { type: 'code', value: alignedRows(node) },
          { ...place, keeps: { ...keeps, codeBlock: keeps.table === 'text' ? 'text' : 'kept' } },
        );
      return node.children.map((row) => `row: ${row.children.map((cell) => inline(cell.children, place)).join(' | ')}`);
    case 'blockquote': {
      if (place.isInQuote && keeps.quote === 'one level') return blocks(node.children, place);
      const inner = blocks(node.children, { ...place, isInQuote: true });
      return inner.map((line) =>
        keeps.quote !== 'text' ? `quote: ${line}` : /^code \S*: /.test(line) ? line : `> ${line}`,
      );
    }
    case 'list':
      return list(node, place);
    case 'thematicBreak':
      return [keeps.rule === 'kept' ? 'rule' : '---'];
    default:
      return (
        'children' in node
          ? inline(node.children as PhrasingContent[], place)
          : inline([node as PhrasingContent], place)
      ).split('\n');
  }
}

function list(node: List, place: Place): string[] {
  const { keeps, level } = place;
  const isText = keeps.list === 'text' || (keeps.list === 'one level' && (level > 0 || node.ordered === true));
  return node.children.flatMap((item, index) => {
    const mark = node.ordered === true ? `${(node.start ?? 1) + index}.` : isText ? place.bullet : '-';
    const own = isText ? mark : `item ${level} ${mark}`;
    const [first = '', ...rest] = blocks(item.children, { ...place, level: level + 1 });
    return [`${own} ${first}`, ...rest];
  });
}

function inline(nodes: readonly PhrasingContent[], place: Place): string {
  return nodes.map((node) => piece(node, place)).join('');
}

function piece(node: PhrasingContent, place: Place): string {
  const { keeps } = place;
  switch (node.type) {
    case 'text':
      return node.value;
    case 'strong':
    case 'emphasis':
    case 'delete': {
      const isKept = node.type !== 'delete' || keeps.strike === 'kept';
      const inner = inline(node.children, place);
      return isKept ? `<${node.type}>${inner}</${node.type}>` : inner;
    }
    case 'inlineCode':
      if (keeps.code === 'text' || (keeps.code === 'no back-ticks' && node.value.includes('`'))) return node.value;
      return `<code>${node.value}</code>`;
    case 'break':
      return '\n';
    case 'image':
      return `[${node.alt ?? ''}](${same(node.url)})`;
    case 'link': {
      const mention = mentionOf(node);
      if (mention === undefined) return `[${textOf(node.children)}](${same(node.url)})`;
      if (mention.mention.kind === 'all') return place.everybody(mention.label);
      return place.isKnown(mention.ref) ? '<Ben>' : `@${mention.label}`;
    }
    default:
      return '';
  }
}

/** Decodes an address, because platforms encode different characters of it. */
function same(url: string): string {
  return decodeURIComponent(url);
}

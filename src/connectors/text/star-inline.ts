import type { Definition, Nodes, Table } from 'mdast';
import type { Mentioned } from '../contract/connector.ts';
import { mentionOf } from './mention.ts';

/** Interrupts a run of characters invisibly, because this markup has no escape character. */
export const zeroWidthSpace = '\u200B';

/** The parts in which platforms with the markup `*strong* _emphasis_ ~strike~ <url|label>` differ. */
export interface StarMarkup {
  /** Escapes text so that it is shown literally. `styles` are the delimiters that are open around it. */
  escapeText(text: string, styles?: string): string;
  /** Escapes characters that would begin a block at the start of a line. */
  escapeLineStarts(text: string): string;
  /**
   * Undefined if the value cannot be written between back-ticks. It is then written as text, because the text matters
   * more than the style.
   */
  inlineCode(value: string): string | undefined;
  /** Escapes the text between two fences. */
  fenced(value: string): string;
  /** Writes a table as lines of text. */
  rows(table: Table): string;
  /** Undefined for a scheme that the platform does not link. */
  linkTarget(url: string): string | undefined;
  linkLabel(label: string): string;
  readonly everybody: string;
  /** Writes a mention of the person; undefined if this cannot be the id of a person. */
  person(id: string): string | undefined;
  readonly bullet: string;
  /** Whether `> ` is markup on this platform. If not, it is text that readers understand. */
  readonly hasQuotes: boolean;
}

export interface RenderContext {
  readonly markup: StarMarkup;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** The people who are mentioned, by the `ref` of the mention. */
  readonly people: ReadonlyMap<string, Mentioned>;
  /** The delimiters that are open here. The same delimiter again would close its style. */
  readonly styles: string;
  readonly depth: number;
  readonly quoted: boolean;
}

interface Piece {
  readonly text: string;
  /** The piece begins and ends with delimiters, which need white space or punctuation next to them. */
  readonly styled: boolean;
}

/** Limit of nested styles. More of them show no difference, and rendering recurses. */
const maxDepth = 50;

/** Renders inline content. */
export function renderInline(nodes: readonly Nodes[], context: RenderContext): string {
  const deeper = { ...context, depth: context.depth + 1 };
  if (deeper.depth > maxDepth) return context.markup.escapeText(plainText(nodes), context.styles);
  return nodes.map((node) => piece(node, deeper)).reduce(join, { text: '', styled: false }).text;
}

function piece(node: Nodes, context: RenderContext): Piece {
  switch (node.type) {
    case 'text':
      return asText(node.value, context);
    case 'strong':
      return styled('*', node.children, context);
    case 'emphasis':
      return styled('_', node.children, context);
    case 'delete':
      return styled('~', node.children, context);
    case 'inlineCode':
      return inlineCode(node.value, context);
    case 'break':
      return { text: '\n', styled: false };
    case 'html':
      return /^<br\s*\/?>$/i.test(node.value) ? { text: '\n', styled: false } : asText(node.value, context);
    case 'link':
      return mention(node, context) ?? link(node.url, plainText(node.children), context);
    case 'image':
      return link(node.url, node.alt ?? '', context);
    case 'linkReference':
      return link(context.definitions.get(node.identifier)?.url ?? '', plainText(node.children), context);
    case 'imageReference':
      return link(context.definitions.get(node.identifier)?.url ?? '', node.alt ?? '', context);
    case 'footnoteReference':
      return asText(`[${node.identifier}]`, context);
    default:
      return asText(plainText([node]), context);
  }
}

function asText(text: string, { markup, styles }: RenderContext): Piece {
  return { text: markup.escapeText(text, styles), styled: false };
}

function styled(delimiter: string, children: readonly Nodes[], context: RenderContext): Piece {
  if (context.styles.includes(delimiter)) return { text: renderInline(children, context), styled: false };
  const inner = renderInline(children, { ...context, styles: context.styles + delimiter });
  const text = style(delimiter, inner);
  return { text, styled: text !== inner };
}

/**
 * Puts delimiters directly around the visible text of each line, because a style ends with its line. No delimiters are
 * written next to a zero-width space, because they would not work there.
 */
export function style(delimiter: string, text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const core = line.trim();
      if (core === '' || core.startsWith(zeroWidthSpace) || core.endsWith(zeroWidthSpace)) return line;
      const start = line.indexOf(core);
      return `${line.slice(0, start)}${delimiter}${core}${delimiter}${line.slice(start + core.length)}`;
    })
    .join('\n');
}

/**
 * A back-tick inside would end the code and cannot be escaped. Such code is written as text, because the text matters
 * more than the style.
 */
function inlineCode(value: string, context: RenderContext): Piece {
  const shown = value.replaceAll(zeroWidthSpace, '');
  const code = shown.trim() === '' ? undefined : context.markup.inlineCode(shown);
  return code === undefined ? asText(value, context) : { text: `\`${code}\``, styled: true };
}

/** Writes a mention that notifies a person who is known on this platform; any other person is named in text. */
function mention(node: Extract<Nodes, { type: 'link' }>, context: RenderContext): Piece | undefined {
  const found = mentionOf(node);
  if (found === undefined) return undefined;
  if (found.mention.kind === 'all') return { text: context.markup.everybody, styled: false };
  const { id, name = found.label } = context.people.get(found.ref) ?? {};
  const known = id === undefined ? undefined : context.markup.person(id);
  return known === undefined ? asText(`@${name}`, context) : { text: known, styled: false };
}

function link(url: string, label: string, context: RenderContext): Piece {
  const text = label.replaceAll(/\s+/g, ' ').trim();
  const { markup } = context;
  const target = markup.linkTarget(url);
  if (target === undefined) return asText(url === '' || url === text ? text : `${text} (${url})`.trim(), context);
  return {
    text:
      text === '' || text === url
        ? `<${target}>`
        : `<${target}|${markup.escapeText(markup.linkLabel(text), context.styles)}>`,
    styled: false,
  };
}

/** Joins two pieces. A style next to a letter or digit works only with a zero-width space in between. */
function join(left: Piece, right: Piece): Piece {
  if (left.text === '' || right.text === '') return left.text === '' ? right : left;
  const needed =
    (right.styled && !/[\s\p{P}\u200B]$/u.test(withoutMarks(left.text.slice(-2)))) ||
    (left.styled && !/^[\s\p{P}\u200B]/u.test(withoutMarks(right.text.slice(0, 2))));
  return { text: left.text + (needed ? zeroWidthSpace : '') + right.text, styled: right.styled };
}

/** Replaces delimiters by letters: Unicode counts them as punctuation, but this markup does not. */
function withoutMarks(text: string): string {
  return text.replaceAll(/[*_~`]/g, 'x');
}

/** The text of the nodes without markup. It uses its own stack, because a tree can be too deep for recursion. */
export function plainText(nodes: readonly Nodes[]): string {
  const stack = [...nodes].reverse();
  let text = '';
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if ('children' in node) for (const child of [...node.children].reverse()) stack.push(child);
    else if ('value' in node) text += node.value;
    else if (node.type === 'break') text += '\n';
    else if ('alt' in node) text += node.alt ?? '';
  }
  return text;
}

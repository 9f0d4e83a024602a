import type { Root } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { isCostly, parseMarkdown, plainTree, wellFormed } from '../../text/markdown.ts';
import { finish, type Draft, type Format, type RichText } from './rich-text.ts';
import { writeBlocks } from './render-blocks.ts';

/** A longer source never fits, however much shorter its text becomes without markup. */
export const maxSourceOf = (max: number): number => max * 8 + 1_000;

export interface RenderOptions {
  /** Put before the text; readers do not see it. */
  readonly mark: string;
  /** Length of the text with its mark, in UTF-16 code units. */
  readonly max: number;
  /** False for an edit, which takes only text: styles are then left out, and links and quotes are written out. */
  readonly isRich: boolean;
  /**
   * The people who are mentioned, by the `ref` of the mention. `id` is what Zoom takes in a mention, an e-mail address.
   */
  readonly people?: ReadonlyMap<string, Mentioned>;
  /** Changes the tree before it is written. */
  readonly change?: (tree: Root) => Root;
}

/**
 * Writes Markdown as a text with Zoom's formats and mentions. Text that would take seconds to parse is written as plain
 * text.
 * @returns undefined if there is nothing to show.
 */
export function toRichText(
  markdown: string,
  { mark, max, isRich, people = new Map(), change = (tree) => tree }: RenderOptions,
): RichText | undefined {
  const source = wellFormed(markdown.replaceAll(/\r\n?/g, '\n').slice(0, maxSourceOf(max)));
  const tree = change(isCostly(source) ? plainTree(source) : parseMarkdown(source));
  const definitions = new Map<string, string>();
  for (const node of tree.children) if (node.type === 'definition') definitions.set(node.identifier, node.url);
  const draft: Draft = { text: '', formats: [], mentions: [] };
  writeBlocks(draft, tree, { people, definitions, isRich, styles: [], lineEnd: '\n', depth: 0 });
  if (draft.text.trim() === '') return undefined;
  return finish({ ...draft, formats: isRich ? inOrder(draft.formats) : [] }, mark, max);
}

const rank: readonly Format['format_type'][] = ['Quote', 'NumberedList', 'BulletedList', 'Paragraph'];

/**
 * Sorts formats of whole lines first, because a later format may remove earlier ones, and merges formats of adjacent
 * list lines.
 */
function inOrder(formats: readonly Format[]): Format[] {
  const rankOf = ({ format_type }: Format): number => {
    const found = rank.indexOf(format_type);
    return found === -1 ? rank.length : found;
  };
  const sorted = [...formats].sort(
    (a, b) => rankOf(a) - rankOf(b) || a.start_position - b.start_position || b.end_position - a.end_position,
  );
  const merged: Format[] = [];
  for (const one of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && isNextLine(last, one))
      merged[merged.length - 1] = { ...last, end_position: one.end_position };
    else merged.push(one);
  }
  return merged;
}

function isNextLine(last: Format, one: Format): boolean {
  const isList = one.format_type.endsWith('List') && one.format_type === last.format_type;
  return isList && last.end_position + 1 === one.start_position;
}

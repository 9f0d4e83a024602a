import type { Nodes, Root } from 'mdast';
import { characterEnd, leafText } from './visible-text.ts';

/**
 * The positions at which a text may be cut. A position is an offset in the visible text, in code units. Each list is
 * sorted.
 */
export interface CutPlaces {
  readonly text: string;
  /** The ends of paragraphs, list items and other blocks. */
  readonly blocks: readonly number[];
  /** The ends of lines of code, of table rows, and of breaks. */
  readonly lines: readonly number[];
  /**
   * Ranges that are not cut in two if that can be avoided: labels of links, mentions, inline code, table cells. Each is
   * [from, to).
   */
  readonly whole: readonly (readonly [number, number])[];
}

/** Collects the positions in one pass over the tree; they serve any number of cuts. */
export function cutPlaces(tree: Root): CutPlaces {
  const found = {
    texts: [] as string[],
    at: 0,
    blocks: [] as number[],
    lines: [] as number[],
    whole: [] as [number, number][],
  };
  const visit = (node: Nodes): void => {
    const begin = found.at;
    const text = leafText(node);
    if (text !== undefined) {
      found.texts.push(text);
      found.at += text.length;
      if (node.type === 'code') for (const line of lineEnds(text)) found.lines.push(begin + line);
    } else if ('children' in node) for (const child of node.children) visit(child);
    if (found.at === begin) return;
    if (isBlock(node)) found.blocks.push(found.at);
    if (node.type === 'tableRow' || node.type === 'break') found.lines.push(found.at);
    if (
      node.type === 'inlineCode' ||
      node.type === 'tableCell' ||
      node.type === 'link' ||
      node.type === 'linkReference'
    )
      found.whole.push([begin, found.at]);
  };
  visit(tree);
  return { text: found.texts.join(''), blocks: found.blocks, lines: found.lines, whole: outermost(found.whole) };
}

const blockTypes = new Set([
  'paragraph',
  'heading',
  'code',
  'listItem',
  'list',
  'blockquote',
  'table',
  'thematicBreak',
  'html',
  'footnoteDefinition',
]);
const isBlock = ({ type }: Nodes): boolean => blockTypes.has(type);

function* lineEnds(text: string): Iterable<number> {
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) yield end + 1;
}

/** Sorts the ranges and removes those that lie inside others. */
function outermost(ranges: readonly [number, number][]): [number, number][] {
  const sorted = [...ranges].sort(([a, b], [c, d]) => a - c || d - b);
  const kept: [number, number][] = [];
  for (const range of sorted) if (range[0] >= (kept.at(-1)?.[1] ?? 0)) kept.push(range);
  return kept;
}

/**
 * How far before the end of what fits `bestCut` looks for the end of a sentence or of a word, in code units. It looks
 * at most in the last half of what fits, because a nicer cut is not worth more room than that.
 */
const sentenceWindow = 2_000;
const wordWindow = 500;

const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });
const words = new Intl.Segmenter(undefined, { granularity: 'word' });

/**
 * Finds the best position after `from` and at or before `most`: the end of a block, else of a line or a sentence, else
 * of a word, else of a character. It cuts inside a range of `whole` only if that range alone is too long.
 * @returns always more than `from`, even if not a single character fits.
 */
export function bestCut({ text, blocks, lines, whole }: CutPlaces, from: number, most: number): number {
  if (most >= text.length) return text.length;
  const half = from + Math.ceil((most - from) / 2);
  const block = lastUpTo(blocks, most);
  if (block > half) return block;
  const line = lastUpTo(lines, most);
  const sentence = lastEnd(sentences, text, Math.max(half, most - sentenceWindow), most, whole);
  if (Math.max(line, sentence ?? 0) > half) return Math.max(line, sentence ?? 0);
  const word = lastEnd(words, text, Math.max(half, most - wordWindow), most, whole);
  if (word !== undefined) return word;
  const end = characterEnd(text, most);
  const inside = enclosing(whole, end);
  if (inside !== undefined && inside[0] > from) return inside[0];
  return end > from ? end : nextCharacter(text, from);
}

function nextCharacter(text: string, from: number): number {
  const [first] = new Intl.Segmenter().segment(text.slice(from, from + wordWindow));
  return from + (first?.segment.length ?? 1);
}

/** The last end of a sentence or word after `begin` and up to `end` that is not inside a range of `whole`. */
function lastEnd(
  segmenter: Intl.Segmenter,
  text: string,
  begin: number,
  end: number,
  whole: CutPlaces['whole'],
): number | undefined {
  // One more code unit shows whether the last segment ends exactly at `end`.
  const ends = [...segmenter.segment(text.slice(begin, end + 1))].map(({ index }) => begin + index);
  return ends
    .reverse()
    .find((place) => place > begin && place <= end && enclosing(whole, place) === undefined && isBetween(text, place));
}

/**
 * Whether the position is between two characters as a reader counts them. The window of a segmenter may begin inside
 * such a character.
 */
const isBetween = (text: string, place: number): boolean => characterEnd(text, place) === place;

/** The range that contains the position in its interior. */
function enclosing(ranges: CutPlaces['whole'], place: number): readonly [number, number] | undefined {
  const before = ranges[countUpTo(ranges, place - 1, ([begin]) => begin) - 1];
  return before !== undefined && before[0] < place && place < before[1] ? before : undefined;
}

const lastUpTo = (places: readonly number[], most: number): number =>
  places[countUpTo(places, most, (place) => place) - 1] ?? 0;

/** How many elements of the sorted list are at most `most`. */
function countUpTo<T>(list: readonly T[], most: number, valueOf: (one: T) => number): number {
  let [least, end] = [0, list.length];
  while (least < end) {
    const middle = (least + end) >> 1;
    if (valueOf(list[middle] as T) <= most) least = middle + 1;
    else end = middle;
  }
  return least;
}

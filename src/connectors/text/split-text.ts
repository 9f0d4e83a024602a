import type { Definition, Nodes, Root } from 'mdast';
import { bestCut, cutPlaces } from './cut-places.ts';
import { isCostly, isTooLong, parseMarkdown, writeMarkdown } from './markdown.ts';
import { plainText } from './plain.ts';
import { sliceTree, tidy, withEllipsis } from './slice-tree.ts';

/**
 * The part of a text that goes into one post, as offsets in the visible text of its tree, in code units. It contains no
 * content.
 */
export interface TextPart {
  readonly from: number;
  readonly to: number;
  /** The text continues, but no post shows the rest. An ellipsis tells readers. */
  readonly isCut?: true;
}

/**
 * The most posts that one message may become. More would bury the other messages of a room. Most platforms take one
 * post per second, so more would also delay the next messages of the conversation for too long.
 */
export const maxParts = 20;

const firstGuess = 1_000;
/** The search for the largest part that fits stops within 13 %, because each trial writes and renders the part. */
const nearEnough = 1.13;

/**
 * Parses the text to split. Reference links become inline links, because their definition would be in one of the parts
 * only.
 */
export function treeOf(markdown: string): Root {
  const tree = parseMarkdown(markdown);
  const definitions = new Map<string, Definition>();
  for (const node of tree.children) if (node.type === 'definition') definitions.set(node.identifier, node);
  if (definitions.size === 0) return tree;
  const waiting: Nodes[] = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!('children' in node)) continue;
    const children = (node.children as Nodes[]).map((child) => resolved(child, definitions));
    (node as { children: Nodes[] }).children = children;
    waiting.push(...children);
  }
  return { ...tree, children: tree.children.filter(({ type }) => type !== 'definition') };
}

function resolved(node: Nodes, definitions: ReadonlyMap<string, Definition>): Nodes {
  if (node.type !== 'linkReference' && node.type !== 'imageReference') return node;
  const url = definitions.get(node.identifier)?.url;
  if (url === undefined) return node;
  if (node.type === 'imageReference') return { type: 'image', url, alt: node.alt ?? null };
  return { type: 'link', url, children: node.children };
}

/**
 * Splits a text into parts that each fit into a post. It cuts at the end of a block, else of a line or sentence, else
 * of a word, else of a character. The time grows linearly with the length of the text, with a few trials per part.
 * @param fits whether one post can contain this Markdown.
 * @param most the most parts. Text that does not fit into the last one is left out.
 */
export function splitText(markdown: string, fits: (markdown: string) => boolean, most = maxParts): TextPart[] {
  const fitsWhole = fits(markdown);
  const tree = treeOf(markdown);
  const places = cutPlaces(tree);
  const end = places.text.length;
  if (fitsWhole) return [{ from: 0, to: end }];
  const parts: TextPart[] = [];
  let room = firstGuess;
  for (let from = 0; from < end && parts.length < most;) {
    const begin = from + (/^\s*/.exec(places.text.slice(from))?.[0].length ?? 0);
    if (begin >= end) break;
    const isLast = parts.length === most - 1;
    const partTo = (to: number): TextPart => {
      const isCut = to < end ? isLast : isTooLong(markdown);
      return { from, to, ...(isCut ? { isCut } : {}) };
    };
    // Assume the longest part number that may occur.
    const found = farthest(end - begin, { guess: room, growth: parts.length === 0 ? 2 : nearEnough }, (size) =>
      fits(partMarkdown(tree, partTo(bestCut(places, begin, begin + size)), most, most)),
    );
    room = Math.max(1, found);
    const part = partTo(bestCut(places, begin, begin + room));
    parts.push(part);
    from = part.to;
  }
  return withRest(parts, end);
}

/** The last part includes the white space at the end of the text. */
function withRest(parts: TextPart[], end: number): TextPart[] {
  const last = parts.at(-1);
  return last === undefined || last.isCut === true ? parts : [...parts.slice(0, -1), { ...last, to: end }];
}

/** Finds approximately the largest size that fits; 0 if none does. */
function farthest(
  most: number,
  { guess, growth }: { guess: number; growth: number },
  fits: (size: number) => boolean,
): number {
  let [low, high] = [0, Number.POSITIVE_INFINITY];
  let size = Math.min(most, guess);
  while (low < most && high > Math.max(1, low * nearEnough, low + 1)) {
    if (fits(size)) low = size;
    else high = size;
    const next = high === Number.POSITIVE_INFINITY ? Math.ceil(low * growth) : Math.floor((low + high) / 2);
    size = Math.min(most, Math.max(1, next));
  }
  return low;
}

/**
 * The Markdown of one part. If there are several, its number is added in a paragraph at the end.
 * @param number starts at 1.
 */
export function partMarkdown(tree: Root, { from, to, isCut }: TextPart, number: number, of: number): string {
  const piece = tidy(sliceTree(tree, from, to));
  const shown = isCut === true ? withEllipsis(piece) : piece;
  const count = { type: 'paragraph' as const, children: [{ type: 'text' as const, value: `(${number}/${of})` }] };
  const whole: Root = of === 1 ? shown : { ...shown, children: [...shown.children, count] };
  const markdown = writeMarkdown(whole);
  // If the Markdown would be too costly to parse, send the text without markup and without escapes.
  return isCostly(markdown) ? plainText(whole) : markdown;
}

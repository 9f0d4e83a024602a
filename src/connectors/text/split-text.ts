import type { Definition, Nodes, Root } from 'mdast';
import { bestCut, cutPlaces } from './cut-places.ts';
import { isCostly, isTooLong, parseMarkdown, writeMarkdown } from './markdown.ts';
import { plainText } from './plain.ts';
import { sliceTree, tidy, withEllipsis } from './slice-tree.ts';

/** One post's part of a text: places in the visible text of its tree, in code units. No content. */
export interface TextPart {
  readonly from: number;
  readonly to: number;
  /** There was more, which stands nowhere: an ellipsis shows it. */
  readonly isCut?: true;
}

/**
 * More posts than this bury what else is said in a room, and at the one a second that most platforms take they hold up
 * their conversation for longer than it is worth.
 */
export const maxParts = 20;

const firstGuess = 1_000;
/** So near to what fits is near enough: each trial writes the part and renders it. */
const nearEnough = 1.13;

/** The tree that is split: with each link's target at the link, since what says it stands in one part only. */
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
 * Cuts a text so that each part fits where it goes: at the end of a block, else of a sentence, a word, or a character.
 * Takes time by the length of the text, and a few trials a part.
 * @param fits whether a post may hold this Markdown.
 * @param most parts; what is too long for the last is left out there.
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
    // With the longest number that there may be.
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

/** White space behind the last part is its own. */
function withRest(parts: TextPart[], end: number): TextPart[] {
  const last = parts.at(-1);
  return last === undefined || last.isCut === true ? parts : [...parts.slice(0, -1), { ...last, to: end }];
}

/** The largest size that fits, nearly; 0 where none does. */
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

/** What the post of a part says, with its number at the end where there are several. @param number from 1. */
export function partMarkdown(tree: Root, { from, to, isCut }: TextPart, number: number, of: number): string {
  const piece = tidy(sliceTree(tree, from, to));
  const shown = isCut === true ? withEllipsis(piece) : piece;
  const count = { type: 'paragraph' as const, children: [{ type: 'text' as const, value: `(${number}/${of})` }] };
  const whole: Root = of === 1 ? shown : { ...shown, children: [...shown.children, count] };
  const markdown = writeMarkdown(whole);
  // Text that is too costly to be read as markup is shown as it is, without what would disarm its marks.
  return isCostly(markdown) ? plainText(whole) : markdown;
}

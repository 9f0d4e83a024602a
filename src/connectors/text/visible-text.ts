import type { Nodes, Root } from 'mdast';

/** Represents a leaf that is not text, such as a picture. It is one code unit, so a cut is always on one side of it. */
const other = '\uFFFC';

/**
 * What a leaf shows, in the code units in which texts are cut: the text itself for text and code, a line end for a
 * break, nothing for a definition, and one unit for any other leaf. Undefined if the node is not a leaf.
 */
export function leafText(node: Nodes): string | undefined {
  if ('value' in node) return node.value;
  if ('children' in node) return undefined;
  return node.type === 'break' ? '\n' : node.type === 'definition' ? '' : other;
}

/** Everything that a tree shows, without markup. `sliceTree` takes offsets in this text. */
export function visibleText(tree: Root): string {
  const texts: string[] = [];
  const waiting: Nodes[] = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const text = leafText(node);
    if (text !== undefined) texts.push(text);
    else if ('children' in node) waiting.push(...[...(node.children as Nodes[])].reverse());
  }
  return texts.join('');
}

const segmenter = new Intl.Segmenter();
/**
 * How many code units around a position the segmenter sees. Hardly any character as a reader counts them is longer. In
 * a row of flags, the window may begin in the middle of a flag.
 */
const around = 500;

/** The last position up to `end` that is between two characters as a reader counts them. */
export function characterEnd(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const begin = Math.max(0, end - around);
  const inside = segmenter.segment(text.slice(begin, end + around)).containing(end - begin)?.index ?? end - begin;
  return begin + inside;
}

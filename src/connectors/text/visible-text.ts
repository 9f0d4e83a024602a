import type { Nodes, Root } from 'mdast';

/** Stands for what is shown and is no text, such as a picture: one unit, so that each cut is on one side of it. */
const other = '\uFFFC';

/**
 * What a leaf shows, in the code units by which texts are cut: of text and code the text itself, a line end for a break,
 * one unit for what is no text. Undefined for what is no leaf.
 */
export function leafText(node: Nodes): string | undefined {
  if ('value' in node) return node.value;
  if ('children' in node) return undefined;
  return node.type === 'break' ? '\n' : node.type === 'definition' ? '' : other;
}

/** All that a tree shows, without its marks; places in it are what `sliceTree` is asked for. */
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
/** A character as a reader counts them is hardly longer; flags in a row are counted from where the row may begin. */
const around = 500;

/** The last place up to `end` that is between two characters as a reader counts them; `end` where there is none behind 0. */
export function characterEnd(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const begin = Math.max(0, end - around);
  const inside = segmenter.segment(text.slice(begin, end + around)).containing(end - begin)?.index ?? end - begin;
  return begin + inside;
}

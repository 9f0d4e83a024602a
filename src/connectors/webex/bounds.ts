import type { Nodes, Root } from 'mdast';

/** Of each form of a text, in bytes of UTF-8, before Webex encrypts it (developer.webex.com, Messages API). */
export const maxBytes = 7_439;
/** More source than this does not fit, whatever becomes of its marks. */
export const maxSource = 12_000;
/** Writing a long text takes time: so near to the limit is near enough. */
const slackBytes = 32;
const maxGuesses = 4;
const ellipsis = '…';

const segmenter = new Intl.Segmenter();

/**
 * Writes as much of a tree as fits. What is cut is the tree, so that every mark is closed and no character is torn, and an
 * ellipsis shows where.
 * @param write each of what it returns may have `maxBytes`.
 * @param isCut that something was left out before this already.
 */
export function fit<T extends Readonly<Record<string, string>>>(
  tree: Root,
  write: (tree: Root) => T,
  isCut: boolean,
): T {
  const sizeOf = (texts: T): number => Math.max(...Object.values(texts).map((text) => Buffer.byteLength(text)));
  const whole = isCut ? undefined : write(tree);
  if (whole !== undefined && sizeOf(whole) <= maxBytes) return whole;
  let [least, most] = [0, lengthOf(tree)];
  let best: T | undefined;
  for (let guess = most, tries = 0; guess > least; tries += 1) {
    const texts = write(cut(tree, guess));
    const size = sizeOf(texts);
    if (size <= maxBytes) [best, least] = [texts, guess];
    else most = guess - 1;
    if (size <= maxBytes && size > maxBytes - slackBytes) break;
    // By proportion, which is near at once where marks are spread evenly; else by halves.
    const next = tries < maxGuesses ? Math.floor((guess * maxBytes) / size) : Math.ceil((least + most) / 2);
    guess = Math.min(Math.max(next, least + 1), most);
  }
  return best ?? write(cut(tree, least));
}

/** The first characters of a tree, with the ellipsis. @param length in code units of what is said. */
function cut(tree: Root, length: number): Root {
  const budget = { left: length, isOver: false };
  const kept = take(tree, budget) as Root | undefined;
  const children = kept?.children ?? [];
  if (budget.isOver) return { type: 'root', children };
  const last = children.at(-1);
  const mark = { type: 'text' as const, value: ellipsis };
  if (last?.type === 'paragraph')
    return { type: 'root', children: [...children.slice(0, -1), { ...last, children: [...last.children, mark] }] };
  return { type: 'root', children: [...children, { type: 'paragraph', children: [mark] }] };
}

interface Budget {
  left: number;
  /** The ellipsis is written. */
  isOver: boolean;
}

function take(node: Nodes, budget: Budget): Nodes | undefined {
  if (budget.isOver) return undefined;
  if ('children' in node) {
    const children = (node.children as Nodes[]).map((child) => take(child, budget)).filter((one) => one !== undefined);
    return children.length === 0 ? undefined : ({ ...node, children } as Nodes);
  }
  if (!('value' in node)) return node;
  if (node.value.length <= budget.left) {
    budget.left -= node.value.length;
    return node;
  }
  budget.isOver = true;
  const end = segmenter.segment(node.value).containing(budget.left)?.index ?? 0;
  return { ...node, value: `${node.value.slice(0, end).trimEnd()}${ellipsis}` };
}

function lengthOf(tree: Root): number {
  const waiting: Nodes[] = [tree];
  let length = 0;
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if ('children' in node) waiting.push(...node.children);
    else if ('value' in node) length += node.value.length;
  }
  return length;
}

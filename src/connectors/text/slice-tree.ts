import type { List, ListItem, Nodes, Parents, Root } from 'mdast';
import { characterEnd, leafText, visibleText } from './visible-text.ts';

const ellipsis = '…';

/**
 * The part of a tree that shows the visible text from `from` to `to`, in code units. A quote, list or code block that a
 * cut divides is closed in this slice and opened again in the next one, so that consecutive slices together show what
 * the tree shows. The tree itself is not changed.
 */
export function sliceTree(tree: Root, from: number, to: number): Root {
  return (slice(tree, { at: 0, from, to }) as Root | undefined) ?? { type: 'root', children: [] };
}

/** The tree, or, if it shows more than `length` code units, its first part with an ellipsis. */
export function cutTree(tree: Root, length: number): Root {
  return visibleText(tree).length <= length ? tree : firstPart(tree, length);
}

/**
 * The first part of a tree, with an ellipsis. The cut is never inside a character that consists of several code units.
 */
export function firstPart(tree: Root, length: number): Root {
  return withEllipsis(sliceTree(tree, 0, characterEnd(visibleText(tree), length)));
}

/**
 * Appends an ellipsis to the last text of a tree, inside its styles. After a table or a link the ellipsis is appended
 * as a text or paragraph of its own.
 */
export function withEllipsis(tree: Root): Root {
  const kept = tidy(tree);
  const added = append(kept) as Root | undefined;
  const own = { type: 'paragraph' as const, children: [{ type: 'text' as const, value: ellipsis }] };
  return added ?? { ...kept, children: [...kept.children, own] };
}

function append(node: Nodes): Nodes | undefined {
  if (node.type === 'text' || node.type === 'code') return { ...node, value: `${node.value}${ellipsis}` };
  if (!('children' in node) || node.type === 'table' || node.type === 'link') return undefined;
  const last = node.children.at(-1);
  const longer = last === undefined ? undefined : append(last);
  if (longer !== undefined) return { ...node, children: [...node.children.slice(0, -1), longer] } as Nodes;
  const isOfText = 'paragraph heading strong emphasis delete'.split(' ').includes(node.type);
  return isOfText ? ({ ...node, children: [...node.children, { type: 'text', value: ellipsis }] } as Nodes) : undefined;
}

/** Removes white space and breaks at the start and end of the tree, which Markdown cannot express and nobody sees. */
export function tidy(tree: Root): Root {
  return (edge(edge(tree, 'start') ?? tree, 'end') ?? { type: 'root', children: [] }) as Root;
}

function edge(node: Nodes, side: 'start' | 'end'): Nodes | undefined {
  if (node.type === 'break') return undefined;
  if (node.type === 'code') return { ...node, value: node.value.replace(side === 'start' ? /^\n/ : /\n$/, '') };
  if (node.type === 'text') {
    const value = side === 'start' ? node.value.trimStart() : node.value.trimEnd();
    return value === '' ? undefined : { ...node, value };
  }
  if (!('children' in node) || node.type === 'table') return node;
  const children = [...node.children] as Nodes[];
  while (children.length > 0) {
    const place = side === 'start' ? 0 : children.length - 1;
    const kept = edge(children[place] as Nodes, side);
    if (kept !== undefined) {
      children[place] = kept;
      return { ...node, children } as Nodes;
    }
    children.splice(place, 1);
  }
  return undefined;
}

interface Range {
  /** The offset in the visible text up to which nodes were visited. */
  at: number;
  readonly from: number;
  readonly to: number;
}

function slice(node: Nodes, range: Range): Nodes | undefined {
  const text = leafText(node);
  if (text === undefined) return sliceParent(node as Parents, range);
  const begin = range.at;
  const end = (range.at += text.length);
  if (end <= range.from || begin >= range.to) return undefined;
  if (begin >= range.from && end <= range.to) return node;
  const value = text.slice(Math.max(0, range.from - begin), range.to - begin);
  return { ...node, value } as Nodes;
}

function sliceParent(node: Parents, range: Range): Nodes | undefined {
  const begin = range.at;
  const kept: Nodes[] = [];
  let first = 0;
  for (const [index, child] of (node.children as Nodes[]).entries()) {
    // Nodes after the slice need not be visited.
    if (range.at >= range.to) break;
    const piece = slice(child, range);
    if (piece === undefined) continue;
    if (kept.length === 0) first = index;
    kept.push(piece);
  }
  if (kept.length === 0) return undefined;
  const whole = { ...node, children: kept } as Parents;
  if (whole.type === 'list' && whole.ordered === true) return { ...whole, start: startOf(whole, first) };
  // The rest of an item that began in the previous slice must not show a second checkbox.
  return whole.type === 'listItem' && begin < range.from ? unticked(whole) : whole;
}

const startOf = ({ start }: List, first: number): number => (start ?? 1) + first;

const unticked = (item: ListItem): ListItem => ({ ...item, checked: null });

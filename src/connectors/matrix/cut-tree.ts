import type { Nodes, Root } from 'mdast';

const ellipsis = '…';

/**
 * The tree with no more text than `budget` code units, and an ellipsis where something is missing. Cut between
 * characters as a reader counts them; what is open around the cut is still closed, since it is a tree.
 */
export function cutTree(tree: Root, budget: number): Root {
  const copy = structuredClone(tree);
  cut(copy, { left: budget, isOver: false });
  return copy;
}

/** Code units of all text in the tree. */
export function textLength(tree: Root): number {
  let length = 0;
  const waiting: Nodes[] = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if ('value' in node) length += node.value.length;
    if ('children' in node) waiting.push(...(node.children as Nodes[]));
  }
  return length;
}

interface Budget {
  left: number;
  isOver: boolean;
}

function cut(parent: { children: Nodes[] }, budget: Budget): void {
  const kept: Nodes[] = [];
  for (const child of parent.children) {
    if (budget.isOver) break;
    if ('value' in child) {
      if (child.value.length > budget.left) {
        budget.isOver = true;
        child.value = beforeCharacter(child.value, budget.left) + ellipsis;
      }
      budget.left -= child.value.length;
    } else if ('children' in child) cut(child as { children: Nodes[] }, budget);
    kept.push(child);
  }
  parent.children = kept;
}

function beforeCharacter(text: string, end: number): string {
  const start = new Intl.Segmenter().segment(text).containing(end)?.index ?? end;
  return text.slice(0, Math.min(start, end)).trimEnd();
}

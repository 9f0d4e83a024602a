import type { Element, ElementContent, Root, RootContent } from 'hast';

const ellipsis = '…';

/** The length of a tree's text, in code units. */
export function textLength(root: Root): number {
  let length = 0;
  const waiting: RootContent[] = [...root.children];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.type === 'text') length += node.value.length;
    if (node.type === 'element') waiting.push(...node.children);
  }
  return length;
}

/**
 * The first part of a tree, with an ellipsis. It is never cut inside a mention or a character of several code units.
 * Open elements are closed, because the result is a tree.
 * @param max how much text is kept, in code units.
 */
export function cutTree(root: Root, max: number): Root {
  let left = max;
  let isCut = false;
  const cutAll = (nodes: readonly ElementContent[]): ElementContent[] => {
    const kept: ElementContent[] = [];
    for (const node of nodes) {
      if (isCut) break;
      if (node.type === 'text') kept.push({ type: 'text', value: cutText(node.value) });
      else if (node.type === 'element') kept.push(...cutElement(node));
    }
    return kept;
  };
  const cutText = (value: string): string => {
    if (value.length <= left) {
      left -= value.length;
      return value;
    }
    isCut = true;
    const end = new Intl.Segmenter().segment(value).containing(left)?.index ?? left;
    return `${value.slice(0, end).trimEnd()}${ellipsis}`;
  };
  const cutElement = (node: Element): ElementContent[] => {
    if (node.tagName !== 'at') return [{ ...node, children: cutAll(node.children) }];
    const name = node.children[0];
    const length = name?.type === 'text' ? name.value.length : 0;
    if (length > left) {
      isCut = true;
      return [{ type: 'text', value: ellipsis }];
    }
    left -= length;
    return [node];
  };
  return { type: 'root', children: cutAll(root.children as ElementContent[]) };
}

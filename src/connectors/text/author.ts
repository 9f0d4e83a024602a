import type { Root } from 'mdast';
import type { Author } from '../contract/connector.ts';

/** The author and their platform in one line, for platforms that show the bot as the author of every post. */
export function authorLine({ name, source }: Author): string {
  return `${name} (${source})`;
}

/**
 * Puts the author in strong before the text: in the same line if the text begins with a paragraph, otherwise in a
 * paragraph of their own.
 */
export function withAuthor(tree: Root, author: Author | undefined): Root {
  if (author === undefined) return tree;
  const [first, ...rest] = tree.children;
  const head = { type: 'strong' as const, children: [{ type: 'text' as const, value: `${authorLine(author)}:` }] };
  if (first?.type !== 'paragraph')
    return { ...tree, children: [{ type: 'paragraph', children: [head] }, ...tree.children] };
  const space = { type: 'text' as const, value: ' ' };
  return { ...tree, children: [{ ...first, children: [head, space, ...first.children] }, ...rest] };
}

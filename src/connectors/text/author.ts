import type { Root } from 'mdast';
import type { Author } from '../contract/connector.ts';

/** Who said it and where, in one line, for platforms that show the bot as the author. */
export function authorLine({ name, source }: Author): string {
  return `${name} (${source})`;
}

/** The text with its author in front, in strong: on the first line of a paragraph, above anything else. */
export function withAuthor(tree: Root, author: Author | undefined): Root {
  if (author === undefined) return tree;
  const [first, ...rest] = tree.children;
  const head = { type: 'strong' as const, children: [{ type: 'text' as const, value: `${authorLine(author)}:` }] };
  if (first?.type !== 'paragraph')
    return { ...tree, children: [{ type: 'paragraph', children: [head] }, ...tree.children] };
  const space = { type: 'text' as const, value: ' ' };
  return { ...tree, children: [{ ...first, children: [head, space, ...first.children] }, ...rest] };
}

import type { ElementContent, Root } from 'hast';

/** Elements that only separate lines of text, such as `div`. */
const boxes = new Set(
  'address article aside center details div dd dl dt fieldset figcaption figure footer form'.split(' '),
);
for (const name of ['header', 'main', 'nav', 'section', 'summary']) boxes.add(name);
const blocks = new Set('blockquote h1 h2 h3 h4 h5 h6 hr li ol p pre table tbody td th thead tr ul'.split(' '));

/**
 * Replaces each box element by its content: text between blocks becomes a paragraph, and the blocks stay. Sanitizing
 * would otherwise drop the box elements and join two lines into one.
 * @param root must not be nested deeply, because this recurses.
 */
export function withoutBoxes(root: Root): void {
  root.children = opened(root.children as ElementContent[]);
}

function opened(nodes: readonly ElementContent[]): ElementContent[] {
  return nodes.flatMap((node) => {
    if (node.type !== 'element') return [node];
    const children = opened(node.children);
    if (!boxes.has(node.tagName)) return [{ ...node, children }];
    return linesOf(children);
  });
}

/** Wraps the content between the blocks in paragraphs. */
function linesOf(nodes: readonly ElementContent[]): ElementContent[] {
  const lines: ElementContent[] = [];
  let run: ElementContent[] = [];
  const flush = (): void => {
    if (run.length > 0) lines.push({ type: 'element', tagName: 'p', properties: {}, children: run });
    run = [];
  };
  for (const node of nodes) {
    if (node.type === 'element' && blocks.has(node.tagName)) {
      flush();
      lines.push(node);
    } else run.push(node);
  }
  flush();
  return lines;
}

import type { BlockContent, ListItem, Paragraph, PhrasingContent } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { at, listAt, textAt } from '../../http/json-path.ts';
import { readInline } from './read-inline.ts';

/** Deeper lists are read as if they had this depth. */
const maxIndent = 10;

/** Reads the elements of a `rich_text` block (docs.slack.dev, "Rich text block"). */
export function readRichText(elements: readonly unknown[], connection: ConnectionId): BlockContent[] {
  const blocks: BlockContent[] = [];
  for (let index = 0; index < elements.length; index += 1) {
    const element = elements[index];
    const inner = listAt(element, 'elements');
    switch (textAt(element, 'type')) {
      case 'rich_text_section':
        blocks.push(...paragraphs(readInline(inner, connection)));
        break;
      case 'rich_text_quote':
        blocks.push({ type: 'blockquote', children: paragraphs(readInline(inner, connection)) });
        break;
      case 'rich_text_preformatted':
        blocks.push({
          type: 'code',
          value: inner.map((one) => textAt(one, 'text') ?? textAt(one, 'url') ?? '').join(''),
        });
        break;
      case 'rich_text_list': {
        const first = index;
        while (textAt(elements[index + 1], 'type') === 'rich_text_list') index += 1;
        blocks.push(...readLists(elements.slice(first, index + 1), connection));
        break;
      }
      default:
    }
  }
  return blocks;
}

/** Slack sends a nested list as consecutive lists, each with its `indent`. */
function readLists(lists: readonly unknown[], connection: ConnectionId): BlockContent[] {
  const top: BlockContent[] = [];
  const open: { indent: number; items: ListItem[] }[] = [];
  for (const list of lists) {
    const indent = Math.min(Number(at(list, 'indent') ?? 0) || 0, maxIndent);
    const ordered = textAt(list, 'style') === 'ordered';
    while ((open.at(-1)?.indent ?? -1) > indent) open.pop();
    const items: ListItem[] = listAt(list, 'elements').map((item) => ({
      type: 'listItem',
      spread: false,
      children: paragraphs(readInline(listAt(item, 'elements'), connection)),
    }));
    const current = open.at(-1);
    if (current !== undefined && current.indent === indent) {
      current.items.push(...items);
      continue;
    }
    const node = { type: 'list' as const, ordered, spread: false, children: items };
    const parent = current?.items.at(-1);
    if (parent === undefined) top.push(node);
    else parent.children.push(node);
    open.push({ indent, items });
  }
  return top;
}

function paragraph(children: PhrasingContent[]): Paragraph {
  return { type: 'paragraph', children };
}

/**
 * Splits inline content into paragraphs. `readInline` turns every line end into a break; two breaks in a row, which are
 * a blank line, separate paragraphs.
 */
function paragraphs(nodes: readonly PhrasingContent[]): Paragraph[] {
  const found: PhrasingContent[][] = [[]];
  for (const [index, node] of nodes.entries()) {
    const isSecond = node.type === 'break' && nodes[index - 1]?.type === 'break';
    if (isSecond) found.push([]);
    else found.at(-1)?.push(node);
  }
  return found
    .map(trimBreaks)
    .filter((run) => run.length > 0)
    .map(paragraph);
}

function trimBreaks(run: PhrasingContent[]): PhrasingContent[] {
  let [start, end] = [0, run.length];
  while (start < end && run[start]?.type === 'break') start += 1;
  while (end > start && run[end - 1]?.type === 'break') end -= 1;
  return run.slice(start, end);
}

import type { BlockContent, DefinitionContent, ListItem, Paragraph, PhrasingContent, Root } from 'mdast';
import type { ConnectionId } from '../../domain/ids.ts';
import { at, listAt, textAt } from '../hook-checks.ts';
import { readMrkdwn } from './parse-mrkdwn.ts';
import { readInline } from './parse-inline.ts';

type Block = BlockContent | DefinitionContent;

/** Deeper lists than this are read as if they were no deeper. */
const maxIndent = 10;

/**
 * What a message says, as a tree: from `blocks` where it has readable ones, as everything typed in Slack has
 * (`rich_text`), else from `text`, which is mrkdwn (docs.slack.dev, "Rich text block" and "Formatting").
 */
export function readMessage(message: unknown, connection: ConnectionId): Root {
  const blocks = listAt(message, 'blocks');
  const children = blocks.flatMap((block) => readBlock(block, connection));
  if (children.length > 0) return { type: 'root', children };
  return readMrkdwn(textAt(message, 'text') ?? '', connection);
}

function readBlock(block: unknown, connection: ConnectionId): Block[] {
  switch (textAt(block, 'type')) {
    case 'rich_text':
      return readRichText(listAt(block, 'elements'), connection);
    case 'section': {
      const texts = [at(block, 'text'), ...listAt(block, 'fields')];
      return texts.flatMap((text) => readText(text, connection));
    }
    case 'header':
      return readText(at(block, 'text'), connection).flatMap((one) =>
        one.type === 'paragraph' ? [{ type: 'heading', depth: 3, children: one.children }] : [one],
      );
    case 'context':
      return listAt(block, 'elements').flatMap((one) => readText(one, connection));
    case 'divider':
      return [{ type: 'thematicBreak' }];
    case 'image': {
      const [url, alt] = [textAt(block, 'image_url'), textAt(block, 'alt_text') ?? 'image'];
      return url === undefined ? [] : [paragraph([{ type: 'link', url, children: [{ type: 'text', value: alt }] }])];
    }
    case 'markdown':
      return readMrkdwn(textAt(block, 'text') ?? '', connection).children as Block[];
    default:
      return [];
  }
}

/** A text object: `plain_text` is text, `mrkdwn` is markup. */
function readText(object: unknown, connection: ConnectionId): Block[] {
  const text = textAt(object, 'text');
  if (text === undefined) return [];
  if (textAt(object, 'type') === 'plain_text') return [paragraph([{ type: 'text', value: text }])];
  return readMrkdwn(text, connection).children as Block[];
}

function readRichText(elements: readonly unknown[], connection: ConnectionId): Block[] {
  const blocks: Block[] = [];
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

/** Slack writes a list of several levels as a row of lists, each with its `indent`. */
function readLists(lists: readonly unknown[], connection: ConnectionId): Block[] {
  const top: Block[] = [];
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

/** A blank line ends a paragraph, any other line end is a break; `readInline` leaves both as breaks. */
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

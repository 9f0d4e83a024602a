import type { BlockContent, TableRow } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { buttons, inlineOf, linked, named, paragraph, picture, text, title, type Button } from '../../text/card.ts';
import { at, listAt, textAt } from '../../http/json-path.ts';
import { readMrkdwn } from './read-mrkdwn.ts';
import { readRichText } from './read-rich-text.ts';

/**
 * Reads one block (docs.slack.dev, "Blocks"). A block of an unknown type gives nothing; the message's `text` then
 * replaces it if no other block is readable.
 */
export function readBlock(block: unknown, connection: ConnectionId): BlockContent[] {
  switch (textAt(block, 'type')) {
    case 'rich_text':
      return readRichText(listAt(block, 'elements'), connection);
    case 'section': {
      const texts = [at(block, 'text'), ...listAt(block, 'fields')];
      const read = texts.flatMap((one) => readText(one, connection));
      return [...read, ...readElements([at(block, 'accessory')], connection)];
    }
    case 'header':
      return title(...inlineOf(readText(at(block, 'text'), connection)));
    case 'context':
    case 'actions':
      return readElements(listAt(block, 'elements'), connection);
    case 'divider':
      return [{ type: 'thematicBreak' }];
    case 'image':
      return picture(imageOf(block), textAt(block, 'alt_text'));
    case 'markdown':
      return readMrkdwn(textAt(block, 'text') ?? '', connection).children as BlockContent[];
    case 'video':
      return paragraph(linked(textAt(block, 'title', 'text') ?? 'video', textAt(block, 'title_url')));
    case 'input':
      return paragraph(named('input', textAt(block, 'label', 'text')));
    case 'table':
      return readTable(listAt(block, 'rows'), connection);
    default:
      return [];
  }
}

/** Reads a text object: `plain_text` is text, `mrkdwn` is markup. */
function readText(object: unknown, connection: ConnectionId): BlockContent[] {
  const value = textAt(object, 'text');
  if (value === undefined) return [];
  if (textAt(object, 'type') === 'plain_text') return paragraph(text(value));
  return readMrkdwn(value, connection).children as BlockContent[];
}

const imageOf = (one: unknown): string | undefined => textAt(one, 'image_url') ?? textAt(one, 'slack_file', 'url');

/** Reads texts, pictures and interactive elements. Adjacent buttons share one line. */
function readElements(elements: readonly unknown[], connection: ConnectionId): BlockContent[] {
  const read: BlockContent[] = [];
  let row: Button[] = [];
  const flush = (): void => {
    read.push(...buttons(row));
    row = [];
  };
  for (const element of elements) {
    switch (textAt(element, 'type')) {
      case undefined:
        continue;
      case 'plain_text':
      case 'mrkdwn':
        flush();
        read.push(...readText(element, connection));
        continue;
      case 'image':
        flush();
        read.push(...picture(imageOf(element), textAt(element, 'alt_text')));
        continue;
      default:
        row.push({
          label: textAt(element, 'text', 'text') ?? textAt(element, 'placeholder', 'text'),
          url: textAt(element, 'url'),
        });
    }
  }
  flush();
  return read;
}

/** Reads rows of cells, each a `raw_text` or a `rich_text` (docs.slack.dev, "Table block"). */
function readTable(rows: readonly unknown[], connection: ConnectionId): BlockContent[] {
  const children = rows.map((row): TableRow => ({
    type: 'tableRow',
    children: (Array.isArray(row) ? row : []).map((cell) => ({
      type: 'tableCell',
      children:
        textAt(cell, 'type') === 'rich_text'
          ? inlineOf(readRichText(listAt(cell, 'elements'), connection))
          : [text(textAt(cell, 'text') ?? '')],
    })),
  }));
  return children.some((row) => row.children.length > 0) ? [{ type: 'table', children }] : [];
}

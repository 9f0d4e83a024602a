import type { BlockContent, ListItem, Paragraph, PhrasingContent, Root } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { wellFormed } from '../../text/markdown.ts';
import { at, listAt, textAt } from '../../http/json-path.ts';
import { linkTarget, readLine, type InlineSpans, type LinkSpan, type MentionSpan, type Span } from './read-inline.ts';

/** Limits of the work for one message. Zoom accepts no message that exceeds them. */
const maxText = 40_000;
const maxFormats = 500;
const maxLevel = 10;
const spacesOfLevel = 4;

const inlineStyles = { Bold: 'strong', Italic: 'emphasis', Strikethrough: 'delete' } as const;

/** The format of a line as a whole. */
type LineKind = 'plain' | 'quote' | 'bulleted' | 'numbered' | 'h1' | 'h2' | 'h3';
interface Line extends Span {
  readonly kind: LineKind;
  readonly isBlank: boolean;
}

/**
 * Reads a message into a tree: its text, which contains no markup, with the formats in `rich_text` and the mentions in
 * `at_items` (developers.zoom.us, Get a message, and `team_chat.channel_message_posted`). Colours, sizes and
 * underlining are left out. Never throws.
 */
export function readMessage(message: unknown, connection: ConnectionId): Root {
  const text = wellFormed((textAt(message, 'message') ?? '').slice(0, maxText));
  const formats = listAt(message, 'rich_text').slice(0, maxFormats);
  const spans: InlineSpans = {
    styles: formats.flatMap((one) => {
      const style = inlineStyles[textAt(one, 'format_type') as keyof typeof inlineStyles];
      const span = spanOf(one, 0);
      return style === undefined || span === undefined ? [] : [{ ...span, style }];
    }),
    links: formats.flatMap(readLink),
    mentions: listAt(message, 'at_items').slice(0, maxFormats).flatMap(readMention),
  };
  const context: Context = { text, spans, connection };
  const children: BlockContent[] = [];
  for (const group of groupsOf(linesOf(text, formats)))
    for (const block of readGroup(group, context)) {
      const last = children.at(-1);
      // Adjacent quotes are paragraphs of the same quote.
      if (block.type === 'blockquote' && last?.type === 'blockquote') last.children.push(...block.children);
      else children.push(block);
    }
  return { type: 'root', children };
}

interface Context {
  readonly text: string;
  readonly spans: InlineSpans;
  readonly connection: ConnectionId;
}

/** @param more what to add to `end_position` to make it exclusive: 1 if it names the last character itself. */
function spanOf(value: unknown, more: 0 | 1): Span | undefined {
  const [start, last] = [at(value, 'start_position'), at(value, 'end_position')];
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(last)) return undefined;
  const span = { start: Math.max(0, start as number), end: Math.min((last as number) + more, maxText) };
  return span.start < span.end ? span : undefined;
}

function readLink(format: unknown): LinkSpan[] {
  const [span, url] = [spanOf(format, 0), linkTarget(textAt(format, 'format_attr'))];
  return textAt(format, 'format_type') !== 'AddLink' || span === undefined || url === undefined
    ? []
    : [{ ...span, url }];
}

/** `at_contact` is the user's id here. It is empty for people of other accounts, who have only a member id. */
function readMention(item: unknown): MentionSpan[] {
  const span = spanOf(item, 1);
  if (span === undefined) return [];
  if (at(item, 'at_type') === 2) return [span];
  const id = textAt(item, 'at_contact') ?? textAt(item, 'at_contact_member_id');
  return id === undefined ? [] : [{ ...span, id }];
}

function linesOf(text: string, formats: readonly unknown[]): Line[] {
  const ofLines = formats.flatMap((one) => {
    const [kind, span] = [kindOf(one), spanOf(one, 0)];
    return kind === undefined || span === undefined ? [] : [{ ...span, kind }];
  });
  const lines: Line[] = [];
  let start = 0;
  for (const part of text.split(/(\r\n?|\n)/)) {
    const end = start + part.length;
    // Every second part is a line end.
    if (!/^[\r\n]/.test(part)) {
      const found = ofLines.find((one) => one.start < end && one.end > start);
      lines.push({ start, end, kind: found?.kind ?? 'plain', isBlank: part.trim() === '' });
    }
    start = end;
  }
  return lines;
}

function kindOf(format: unknown): LineKind | undefined {
  switch (textAt(format, 'format_type')) {
    case 'Quote':
      return 'quote';
    case 'BulletedList':
      return 'bulleted';
    case 'NumberedList':
      return 'numbered';
    case 'Paragraph': {
      const depth = textAt(format, 'format_attr');
      return depth === 'h1' || depth === 'h2' || depth === 'h3' ? depth : undefined;
    }
    default:
      return undefined;
  }
}

/** Groups adjacent lines that form one block. A blank line ends a block. */
function groupsOf(lines: readonly Line[]): Line[][] {
  const isList = ({ kind }: Line): boolean => kind === 'bulleted' || kind === 'numbered';
  const groups: Line[][] = [[]];
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    const isSame = before !== undefined && (before.kind === line.kind || (isList(before) && isList(line)));
    if (!isSame || line.isBlank || line.kind.startsWith('h')) groups.push([]);
    if (!line.isBlank) groups.at(-1)?.push(line);
  }
  return groups.filter((group) => group.length > 0);
}

function readGroup(lines: readonly Line[], context: Context): BlockContent[] {
  const [first] = lines;
  switch (first?.kind) {
    case undefined:
      return [];
    case 'quote':
      return [{ type: 'blockquote', children: [paragraph(lines, context)] }];
    case 'bulleted':
    case 'numbered':
      return readList(lines, context);
    case 'h1':
    case 'h2':
    case 'h3':
      return [{ type: 'heading', depth: Number(first.kind[1]) as 1 | 2 | 3, children: inline(first, context) }];
    default:
      return [paragraph(lines, context)];
  }
}

function paragraph(lines: readonly Line[], context: Context): Paragraph {
  const children = lines.flatMap((line, index): PhrasingContent[] => [
    ...(index === 0 ? [] : [{ type: 'break' as const }]),
    ...inline(line, context),
  ]);
  return { type: 'paragraph', children };
}

/** The content of a line without white space at its ends, which Markdown cannot express. */
function inline({ start, end }: Span, { text, spans, connection }: Context): PhrasingContent[] {
  const line = text.slice(start, end);
  const from = start + line.length - line.trimStart().length;
  return readLine(text, { start: from, end: from + line.trim().length }, spans, connection);
}

/** Zoom's lists have one level. A line that begins with spaces is read as an item of a deeper level. */
function readList(lines: readonly Line[], context: Context): BlockContent[] {
  const top: BlockContent[] = [];
  const open: { level: number; kind: LineKind; items: ListItem[] }[] = [];
  for (const line of lines) {
    const spaces = /^ */.exec(context.text.slice(line.start, line.end))?.[0].length ?? 0;
    const level = Math.min(Math.floor(spaces / spacesOfLevel), open.length, maxLevel);
    while (open.length > level + 1) open.pop();
    const item: ListItem = { type: 'listItem', spread: false, children: [paragraph([line], context)] };
    const current = open[level];
    if (current?.kind === line.kind) {
      current.items.push(item);
      continue;
    }
    if (current !== undefined) open.pop();
    const items = [item];
    const list = { type: 'list' as const, ordered: line.kind === 'numbered', spread: false, children: items };
    const parent = open[level - 1]?.items.at(-1);
    if (parent === undefined) top.push(list);
    else parent.children.push(list);
    open.push({ level, kind: line.kind, items });
  }
  return top;
}

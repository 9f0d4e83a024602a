import type { BlockContent, PhrasingContent, Root } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { unicodeOf } from '../../text/emoji.ts';
import { mentionNode, safeUrl } from '../../text/mention.ts';
import { zeroWidthSpace } from '../../text/star-inline.ts';
import { styledText } from '../../text/styled-text.ts';
import { closersOf, isOpener, starStyles, type Delimiter } from '../../text/star-delimiters.ts';

/** Styles that are nested more deeply are read as text. */
const maxDepth = 10;

/**
 * Reads mrkdwn into a tree (docs.slack.dev, "Formatting"). Bots post it, and old clients send it, in messages without
 * blocks. The time grows linearly with the length of the text, whatever it contains.
 */
export function readMrkdwn(text: string, connection: ConnectionId): Root {
  const children = quotesOf(text.replaceAll(/\r\n?/g, '\n').split('\n')).flatMap(
    ({ lines, isQuote }): BlockContent[] => {
      const blocks = readBlocks(lines.join('\n'), connection);
      return isQuote && blocks.length > 0 ? [{ type: 'blockquote', children: blocks }] : blocks;
    },
  );
  return { type: 'root', children };
}

/**
 * Groups consecutive lines into quoted ones, without their `>`, and others. A line inside a code block is never a
 * quote.
 */
function quotesOf(lines: readonly string[]): { readonly lines: string[]; readonly isQuote: boolean }[] {
  const groups: { lines: string[]; isQuote: boolean }[] = [];
  let fences = lines.reduce((count, line) => count + fencesIn(line), 0);
  let isCode = false;
  for (const line of lines) {
    const last = groups.at(-1);
    const quoted = isCode ? undefined : /^&gt; ?(.*)$/.exec(line)?.[1];
    const isQuote = quoted !== undefined;
    if (last?.isQuote === isQuote) last.lines.push(quoted ?? line);
    else groups.push({ lines: [quoted ?? line], isQuote });
    const here = fencesIn(line);
    fences -= here;
    // A fence that is never closed is text.
    if (!isQuote && here % 2 === 1) isCode = !isCode && fences > 0;
  }
  return groups;
}

const fencesIn = (line: string): number => line.split('```').length - 1;

function readBlocks(text: string, connection: ConnectionId): BlockContent[] {
  const parts = text.split('```');
  return parts.flatMap((part, index): BlockContent[] => {
    // A fence that is never closed is text.
    const isCode = index % 2 === 1 && index < parts.length - 1;
    if (isCode) return [{ type: 'code', value: decode(part.replace(/^\n|\n$/g, '')) }];
    const isOpen = index % 2 === 1;
    return readLines(isOpen ? `\`\`\`${part}` : part, connection);
  });
}

function readLines(text: string, connection: ConnectionId): BlockContent[] {
  const blocks: BlockContent[] = [];
  let run: string[] = [];
  const flush = (): void => {
    const children = run.flatMap((line, index) => [
      ...(index === 0 ? [] : [{ type: 'break' as const }]),
      ...readInline(line, connection, 0),
    ]);
    run = [];
    if (children.length > 0) blocks.push({ type: 'paragraph', children });
  };
  for (const line of text.split('\n')) {
    if (line.trim() === '') flush();
    else run.push(line);
  }
  flush();
  return blocks;
}

/** A back-tick followed by a zero-width space does not begin code. */
const token = /`([^`\u200B][^`]*)`|<([^<>]+)>|:([a-z0-9_+'-]{1,100}(?:::skin-tone-[2-6])?):/y;

function readInline(line: string, connection: ConnectionId, depth: number): PhrasingContent[] {
  const nodes: PhrasingContent[] = [];
  const closers = depth < maxDepth ? closersOf(line, isVisible, /`[^`\u200B][^`]*`|<[^<>]+>/g) : undefined;
  let plain = '';
  const flush = (): void => {
    const value = decode(plain);
    if (value !== '') nodes.push({ type: 'text', value });
    plain = '';
  };
  for (let index = 0; index < line.length;) {
    const char = line[index] ?? '';
    const end = isOpener(line, index, isVisible) ? closers?.[char as Delimiter][index + 1] : undefined;
    if (end !== undefined && end > index + 1) {
      flush();
      nodes.push({
        type: starStyles[char as Delimiter],
        children: readInline(line.slice(index + 1, end), connection, depth + 1),
      });
      index = end + 1;
      continue;
    }
    token.lastIndex = index;
    const found = '`<:'.includes(char) ? token.exec(line) : null;
    if (found === null) {
      plain += char;
      index += 1;
      continue;
    }
    const [whole, code, link, emoji] = found;
    if (emoji !== undefined) plain += unicodeOf(emoji);
    else {
      flush();
      nodes.push(...(code === undefined ? readLink(link ?? '', connection) : styledText(decode(code), { code: true })));
    }
    index += whole.length;
  }
  flush();
  return nodes;
}

/** A zero-width space next to a delimiter makes it text. */
const isVisible = (char: string | undefined): boolean => char !== undefined && !/[\s\u200B]/.test(char);

/** Reads the content of `<…>`: a mention, a channel, a date or a link. */
function readLink(inner: string, connection: ConnectionId): PhrasingContent[] {
  const bar = inner.indexOf('|');
  const [target, label] = bar < 0 ? [inner, undefined] : [inner.slice(0, bar), decode(inner.slice(bar + 1))];
  const rest = target.slice(1);
  switch (target[0]) {
    case '@':
      return [mentionNode({ kind: 'native', connection, id: rest }, label ?? rest)];
    case '#':
      return [{ type: 'text', value: `#${label ?? rest}` }];
    case '!':
      if (/^(?:here|channel|everyone)$/.test(rest)) return [mentionNode({ kind: 'all' }, rest)];
      return [{ type: 'text', value: label ?? (rest.startsWith('subteam^') ? `@${rest.slice(8)}` : '') }];
    default: {
      const url = safeUrl(decode(target));
      if (url === undefined) return [{ type: 'text', value: label ?? decode(target) }];
      return [{ type: 'link', url, children: [{ type: 'text', value: label ?? url }] }];
    }
  }
}

/** Decodes the three characters that Slack encodes, and removes the zero-width spaces with which we disarm markup. */
function decode(text: string): string {
  return text.replaceAll(zeroWidthSpace, '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

import type { BlockContent, List, PhrasingContent, Root } from 'mdast';
import { mentionNode, safeUrl } from '../../text/mention.ts';
import { styledText } from '../../text/styled-text.ts';
import { closersOf, isOpener, starStyles, type Delimiter } from '../../text/star-delimiters.ts';

/** Returns the nodes for a mention `<users/123>`. */
export type ReadMention = (id: string) => PhrasingContent;

/** Styles that are nested more deeply are read as text. */
const maxDepth = 10;

/**
 * Reads Google Chat's text into a tree (developers.google.com/workspace/chat, "Format messages"): styles, code,
 * bullets, links, mentions. The markup has no escapes; zero-width spaces, with which we disarm markup, are removed. The
 * time grows linearly with the length of the text, whatever it contains.
 */
export function readChatText(text: string, readMention: ReadMention): Root {
  const parts = text.replaceAll(/\r\n?/g, '\n').split('```');
  const children = parts.flatMap((part, index): BlockContent[] => {
    // A fence that is never closed is text.
    const isCode = index % 2 === 1 && index < parts.length - 1;
    if (isCode) return [{ type: 'code', value: bare(part.replace(/^\n|\n$/g, '')) }];
    return readLines(index % 2 === 1 ? `\`\`\`${part}` : part, readMention);
  });
  return { type: 'root', children: children.reduce(joinLists, []) };
}

/** Consecutive lines of the same kind become one block. */
function readLines(text: string, readMention: ReadMention): BlockContent[] {
  const blocks: BlockContent[] = [];
  let run: string[] = [];
  const flush = (): void => {
    const children = run.flatMap((line, index) => [
      ...(index === 0 ? [] : [{ type: 'break' as const }]),
      ...readInline(line, readMention, 0),
    ]);
    run = [];
    if (children.length > 0) blocks.push({ type: 'paragraph', children });
  };
  for (const line of text.split('\n')) {
    const item = /^[*-][ \t]+(\S.*)$/.exec(line)?.[1];
    if (item === undefined && line.trim() !== '') {
      run.push(line.trim());
      continue;
    }
    flush();
    if (item === undefined) continue;
    const children = readInline(item.trim(), readMention, 0);
    const paragraph = { type: 'paragraph' as const, children };
    if (children.length > 0) blocks.push(listOf([{ type: 'listItem', spread: false, children: [paragraph] }]));
  }
  flush();
  return blocks;
}

const listOf = (children: List['children']): List => ({ type: 'list', ordered: false, spread: false, children });

function joinLists(blocks: BlockContent[], block: BlockContent): BlockContent[] {
  const last = blocks.at(-1);
  if (last?.type === 'list' && block.type === 'list') last.children.push(...block.children);
  else blocks.push(block);
  return blocks;
}

/** A back-tick followed by a zero-width space does not begin code. */
const whole = /`[^`\u200B][^`]*`|<(?:users\/|[a-z][a-z0-9+.-]*:)[^<>]*>/gi;
const token = /`([^`\u200B][^`]*)`|<([^<>]+)>/y;

function readInline(line: string, readMention: ReadMention, depth: number): PhrasingContent[] {
  const nodes: PhrasingContent[] = [];
  const closers = depth < maxDepth ? closersOf(line, isVisible, whole) : undefined;
  let plain = '';
  const flush = (): void => {
    const text = bare(plain);
    if (text !== '') nodes.push({ type: 'text', value: text });
    plain = '';
  };
  for (let index = 0; index < line.length;) {
    const char = line[index] ?? '';
    const end = isOpener(line, index, isVisible) ? closers?.[char as Delimiter][index + 1] : undefined;
    if (end !== undefined && end > index + 1) {
      flush();
      const children = readInline(line.slice(index + 1, end), readMention, depth + 1);
      if (children.length > 0) nodes.push({ type: starStyles[char as Delimiter], children });
      index = end + 1;
      continue;
    }
    token.lastIndex = index;
    const found = '`<'.includes(char) ? token.exec(line) : null;
    const read = found === null ? undefined : readToken(found[1], found[2] ?? '', readMention);
    if (found === null || read === undefined) {
      plain += char;
      index += 1;
      continue;
    }
    flush();
    nodes.push(...read);
    index += found[0].length;
  }
  flush();
  return nodes;
}

/** Undefined if the token turns out to be text. */
function readToken(code: string | undefined, inner: string, readMention: ReadMention): PhrasingContent[] | undefined {
  if (code !== undefined) {
    const value = bare(code).trim();
    return value === '' ? [] : styledText(value, { code: true });
  }
  if (inner === 'users/all') return [mentionNode({ kind: 'all' }, 'all')];
  if (/^users\/\d+$/.test(inner)) return [readMention(inner)];
  const bar = inner.indexOf('|');
  const url = safeUrl(bar < 0 ? inner : inner.slice(0, bar));
  if (url === undefined || /[\s\u200B]/.test(url)) return undefined;
  const label = bar < 0 ? '' : bare(inner.slice(bar + 1)).trim();
  return [{ type: 'link', url, children: [{ type: 'text', value: label === '' ? url : label }] }];
}

const bare = (text: string): string => text.replaceAll('\u200B', '');
/** A zero-width space next to a delimiter makes it text. */
const isVisible = (char: string | undefined): boolean => char !== undefined && !/[\s\u200B]/.test(char);

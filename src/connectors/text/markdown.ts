import { fromMarkdown, type Options as ReadingOptions } from 'mdast-util-from-markdown';
import { gfmFromMarkdown, gfmToMarkdown } from 'mdast-util-gfm';
import { toMarkdown as serialize, type Options as WritingOptions } from 'mdast-util-to-markdown';
import { gfm } from 'micromark-extension-gfm';
import type { Nodes, Root } from 'mdast';
import { tidy } from './tidy.ts';

/**
 * The one form that text has between platforms: Markdown (CommonMark with GFM), stored as text and worked on as a tree
 * (mdast). Platforms' own markup is read into the tree and written from it; nothing is ever rewritten as text.
 */
export type Tree = Root;

/** More than this no platform shows in one message. */
const maxSource = 200_000;
const maxMarksTogether = 2_000;
const maxNesting = 100;
/** Paragraphs, items and breaks: 28 000 items of a list, in 200 000 characters, took four seconds. */
const maxBlocks = 6_000;
/** Times by their square: 4 000 of `> a`, each with a line of no mark behind it, took three seconds. */
const maxLazyLines = 1_000;

/**
 * GFM without its second search for addresses, in the text that was read: that one sees no escapes, and would make a link
 * of an address that somebody wrote as text. What micromark finds while it reads stays.
 */
const gfmTree = gfmFromMarkdown().map(({ transforms: _again, ...extension }) => extension);
/** Made once, not for each text: putting the extensions together takes as long as reading a line. */
const reading: ReadingOptions = { extensions: [gfm()], mdastExtensions: [gfmTree] };
const writing: WritingOptions = {
  bullet: '-',
  emphasis: '_',
  fences: true,
  rule: '-',
  resourceLink: true,
  // The serializer of GFM escapes `http:` and forgets `HTTP:`.
  unsafe: [{ character: ':', before: '[PS]', after: '\\/', inConstruct: 'phrasing' }],
  join: [apart],
  extensions: [gfmToMarkdown()],
};

/** Reads Markdown. Text that would take seconds to parse is read as plain text. Never throws. */
export function parseMarkdown(markdown: string): Tree {
  const source = wellFormed(markdown.replaceAll(/\r\n?/g, '\n').slice(0, maxSource));
  if (isCostly(source)) return plainTree(source);
  return fromMarkdown(source, reading);
}

/** Whether it is longer than what is read of it. */
export const isTooLong = (markdown: string): boolean => markdown.length > maxSource;

/** Writes Markdown that reads back as the same tree, as far as Markdown can say it. */
export function writeMarkdown(tree: Tree): string {
  return serialize(tidy(tree), writing).trimEnd();
}

/** What would run on into what is behind it has a blank line there, in a list too; the serializer sees to paragraphs. */
function apart(left: Nodes, right: Nodes, parent: Nodes): 1 | undefined {
  if (parent.type !== 'listItem' || right.type === 'list') return undefined;
  return ['blockquote', 'list', 'table'].includes(left.type) || right.type === 'table' ? 1 : undefined;
}

/** Text in which nothing is markup: its lines, and blank lines between paragraphs. */
export function plainTree(text: string): Tree {
  const paragraphs = text.split(/\n{2,}/).filter((part) => part.trim() !== '');
  return {
    type: 'root',
    children: paragraphs.map((part) => ({
      type: 'paragraph',
      children: part
        .trim()
        .split('\n')
        .flatMap((line, index) =>
          index === 0
            ? [{ type: 'text' as const, value: line }]
            : [{ type: 'break' as const }, { type: 'text' as const, value: line }],
        ),
    })),
  };
}

/**
 * Whether parsing would hold up the process. Pairing emphasis and links takes time by the square of the marks in one
 * paragraph (80 000 characters of `_a*b`: 20 s), quotes by the square of their depth, and at 20 000 the stack ends.
 * With these bounds nothing that was tried took longer than a second.
 */
export function isCostly(source: string): boolean {
  let squares = 0;
  for (const paragraph of source.split(/\n[ \t]*\n/)) squares += (paragraph.match(/[*_~[]/g)?.length ?? 0) ** 2;
  if (squares > maxMarksTogether ** 2) return true;
  if ((source.match(/^[ \t]*(?:$|[-+*>#]|\d+[.)])| {2}$/gm)?.length ?? 0) > maxBlocks) return true;
  const lines = source.split('\n');
  if (lines.filter((line, index) => isLazy(line, lines[index - 1])).length > maxLazyLines) return true;
  return lines.some((line) => nesting(line) > maxNesting);
}

/** Whether it goes on with the paragraph of a quote without its mark (CommonMark, "Laziness"). */
function isLazy(line: string, before = ''): boolean {
  return /^[\s>*+\-.)\d]*/.exec(before)?.[0].includes('>') === true && !block.test(line);
}
const block = /^[ \t]*(?:>|$|[-+*#]+\s|\d+[.)]\s)/;

/** Quote and list marks that a line begins with. */
function nesting(line: string): number {
  const prefix = /^[\s>*+\-.)\d]*/.exec(line)?.[0] ?? '';
  return prefix.match(/>|[*+\-.)](?=\s)/g)?.length ?? 0;
}

/** A cut may have gone through a surrogate pair. */
export function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '');
}

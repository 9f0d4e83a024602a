import { fromMarkdown, type Options as ReadingOptions } from 'mdast-util-from-markdown';
import { gfmFromMarkdown, gfmToMarkdown } from 'mdast-util-gfm';
import { toMarkdown as serialize, type Options as WritingOptions } from 'mdast-util-to-markdown';
import { gfm } from 'micromark-extension-gfm';
import type { Nodes, Root } from 'mdast';
import { tidy } from './tidy.ts';

/**
 * The common form of text between platforms: Markdown (CommonMark with GFM), stored as text and processed as a tree
 * (mdast). Each platform's markup is read into the tree and written from it. No code rewrites markup as text.
 */
export type Tree = Root;

/** Limit of the source in code units. No platform shows more in one message. */
const maxSource = 200_000;
const maxMarksTogether = 2_000;
const maxNesting = 100;
/** Limit of paragraphs, list items and breaks. 28 000 list items in 200 000 characters took four seconds. */
const maxBlocks = 6_000;
/**
 * Limit of lazy continuation lines, whose cost grows with the square of their number. 4 000 of `> a`, each followed by
 * a line without `>`, took three seconds.
 */
const maxLazyLines = 1_000;

/**
 * GFM without its second search for addresses. That search works on the finished text, where escapes are no longer
 * visible, so it would make a link of an address that the author had escaped. Addresses that micromark finds while it
 * parses stay links.
 */
const gfmTree = gfmFromMarkdown().map(({ transforms: _again, ...extension }) => extension);
/** Made once and not per text, because combining the extensions takes as long as parsing a line. */
const reading: ReadingOptions = { extensions: [gfm()], mdastExtensions: [gfmTree] };
const writing: WritingOptions = {
  bullet: '-',
  emphasis: '_',
  fences: true,
  rule: '-',
  resourceLink: true,
  // The GFM serializer escapes the colon of `http:`, but not that of `HTTP:`.
  unsafe: [{ character: ':', before: '[PS]', after: '\\/', inConstruct: 'phrasing' }],
  join: [apart],
  extensions: [gfmToMarkdown()],
};

/** Parses Markdown. A text that would take seconds to parse becomes plain text. Never throws. */
export function parseMarkdown(markdown: string): Tree {
  const source = wellFormed(markdown.replaceAll(/\r\n?/g, '\n').slice(0, maxSource));
  if (isCostly(source)) return plainTree(source);
  return fromMarkdown(source, reading);
}

/** Whether the text is longer than the part of it that `parseMarkdown` reads. */
export const isTooLong = (markdown: string): boolean => markdown.length > maxSource;

/** Writes Markdown that parses to the same tree, as far as Markdown can express it. */
export function writeMarkdown(tree: Tree): string {
  return serialize(tidy(tree), writing).trimEnd();
}

/**
 * Inside a list item, puts a blank line after a block that would otherwise continue into the next one. The serializer
 * already separates paragraphs.
 */
function apart(left: Nodes, right: Nodes, parent: Nodes): 1 | undefined {
  if (parent.type !== 'listItem' || right.type === 'list') return undefined;
  return ['blockquote', 'list', 'table'].includes(left.type) || right.type === 'table' ? 1 : undefined;
}

/** A tree of text without markup. Line ends become breaks, and blank lines separate paragraphs. */
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
 * Whether parsing would block the process. Matching emphasis and links takes time that grows with the square of the
 * delimiters in one paragraph (80 000 characters of `_a*b`: 20 s). Quotes take time that grows with the square of their
 * depth, and at a depth of 20 000 the stack overflows. Within these limits, none of the texts that were tried took
 * longer than a second.
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

/** Whether the line continues the paragraph of a quote without a `>` of its own (CommonMark, "Laziness"). */
function isLazy(line: string, before = ''): boolean {
  return /^[\s>*+\-.)\d]*/.exec(before)?.[0].includes('>') === true && !block.test(line);
}
const block = /^[ \t]*(?:>|$|[-+*#]+\s|\d+[.)]\s)/;

/** The number of quote and list markers at the beginning of a line. */
function nesting(line: string): number {
  const prefix = /^[\s>*+\-.)\d]*/.exec(line)?.[0] ?? '';
  return prefix.match(/>|[*+\-.)](?=\s)/g)?.length ?? 0;
}

/** Removes half of a surrogate pair from the end, which remains if a cut went through the pair. */
export function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '');
}

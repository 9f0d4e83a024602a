import type { Root } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { parseMarkdown, wellFormed } from '../../text/markdown.ts';
import { plainText } from '../../text/plain.ts';
import { fit, maxBytes, maxSource, sizeOf } from './bounds.ts';
import { withoutMentions } from './escape.ts';
import { renderMarkdown } from './render.ts';
import { simplify } from './simplify.ts';

export interface WebexTextOptions {
  /** The people who are mentioned, by the `ref` of the mention. */
  readonly people?: ReadonlyMap<string, Mentioned>;
  /** If false, people who are mentioned are named in text and not notified. */
  readonly areMentionsNative?: boolean;
  /** Changes the tree before it is written. */
  readonly change?: (tree: Root) => Root;
}

/** The texts of a message. `text` is for clients that cannot show Markdown. */
export interface WebexTexts {
  readonly markdown: string;
  readonly text: string;
}

/**
 * Writes Markdown as Webex's own (developer.webex.com, "Formatting Messages"). What the author wrote as text never
 * becomes markup, a link or a mention.
 * @returns two texts of at most 7 439 bytes each, with an ellipsis if something was cut; empty if there is nothing to
 * show.
 */
export function toWebex(markdown: string, options: WebexTextOptions = {}): WebexTexts {
  const source = markdown.replaceAll(/\r\n?/g, '\n');
  const cut = wellFormed(source.slice(0, maxSource));
  const tree = treeFor(cut, options);
  return tree === undefined ? { markdown: '', text: '' } : fit(tree, write, cut.length < source.length);
}

/** Whether `toWebex` would not cut the text. */
export function fitsWebex(markdown: string, options: WebexTextOptions = {}): boolean {
  if (markdown.length > maxSource) return false;
  const tree = treeFor(markdown, options);
  return tree === undefined || sizeOf(write(tree)) <= maxBytes;
}

function treeFor(
  markdown: string,
  { people = new Map(), areMentionsNative = true, change = (tree) => tree }: WebexTextOptions,
): Root | undefined {
  const parsed = parseMarkdown(markdown);
  return parsed.children.length === 0 ? undefined : simplify(change(parsed), { people, areMentionsNative });
}

function write(tree: Root): WebexTexts & Record<string, string> {
  return { markdown: renderMarkdown(tree), text: withoutMentions(plainText(tree)) };
}

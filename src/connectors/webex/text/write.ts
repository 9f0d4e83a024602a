import type { Root } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { parseMarkdown, wellFormed } from '../../text/markdown.ts';
import { plainText } from '../../text/plain.ts';
import { fit, maxBytes, maxSource, sizeOf } from './bounds.ts';
import { withoutMentions } from './escape.ts';
import { renderMarkdown } from './render.ts';
import { simplify } from './simplify.ts';

export interface WebexTextOptions {
  /** Who is mentioned, by the mention's `ref`. */
  readonly people?: ReadonlyMap<string, Mentioned>;
  /** False: nobody is told, whoever is mentioned is only named. */
  readonly areMentionsNative?: boolean;
  /** What is done with the tree before it is written. */
  readonly change?: (tree: Root) => Root;
}

/** What a message of Webex says: `text` is for clients that cannot show Markdown. */
export interface WebexTexts {
  readonly markdown: string;
  readonly text: string;
}

/**
 * Markdown as Webex's own (developer.webex.com, "Formatting Messages"). What the author wrote as text is never markup,
 * link or mention in the result.
 * @returns each at most 7 439 bytes, with an ellipsis where something was cut; empty where there is nothing to show.
 */
export function toWebex(markdown: string, options: WebexTextOptions = {}): WebexTexts {
  const source = markdown.replaceAll(/\r\n?/g, '\n');
  const cut = wellFormed(source.slice(0, maxSource));
  const tree = treeFor(cut, options);
  return tree === undefined ? { markdown: '', text: '' } : fit(tree, write, cut.length < source.length);
}

/** Whether nothing of it is cut by `toWebex`. */
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

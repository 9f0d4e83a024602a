import type { Root } from 'mdast';
import type { Mentioned } from '../connector.ts';
import { parseMarkdown, wellFormed } from '../dialect/markdown.ts';
import { plainText } from '../dialect/plain.ts';
import { fit, maxSource } from './bounds.ts';
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
export function toWebex(
  markdown: string,
  { people = new Map(), areMentionsNative = true, change = (tree) => tree }: WebexTextOptions = {},
): WebexTexts {
  const source = markdown.replaceAll(/\r\n?/g, '\n');
  const cut = wellFormed(source.slice(0, maxSource));
  const parsed = parseMarkdown(cut);
  if (parsed.children.length === 0) return { markdown: '', text: '' };
  const tree = simplify(change(parsed), { people, areMentionsNative });
  const write = (one: Root): WebexTexts & Record<string, string> => ({
    markdown: renderMarkdown(one),
    text: withoutMentions(plainText(one)),
  });
  return fit(tree, write, cut.length < source.length);
}

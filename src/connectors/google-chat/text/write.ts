import type { Root } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { isCostly, parseMarkdown, wellFormed } from '../../text/markdown.ts';
import { renderStar } from '../../text/star-blocks.ts';
import { cutChatText, maxBytes, maxSource } from './bounds.ts';
import { chatMarkup } from './markup.ts';

export interface ChatTextOptions {
  /** In bytes of UTF-8; the default is `maxBytes`. */
  readonly max?: number;
  /** The people who are mentioned, by the `ref` of the mention. */
  readonly people?: ReadonlyMap<string, Mentioned>;
  /** Changes the tree before it is written. */
  readonly change?: (tree: Root) => Root;
}

/**
 * Writes Markdown as Google Chat's text (developers.google.com/workspace/chat, "Format messages"). What the author
 * wrote as text never becomes markup, a link or a mention. Text that would take seconds to parse is written as plain
 * text.
 * @returns at most `max` bytes, with an ellipsis if something was cut; empty if there is nothing to show.
 */
export function toChatText(markdown: string, { max = maxBytes, people = new Map(), change }: ChatTextOptions = {}) {
  const source = markdown.replaceAll(/\r\n?/g, '\n');
  const cut = wellFormed(source.slice(0, maxSource));
  const tree = isCostly(cut) ? costly(cut) : parseMarkdown(cut);
  return cutChatText(
    renderStar(change === undefined ? tree : change(tree), chatMarkup, people),
    max,
    cut.length < source.length,
  );
}

/** A tree of one paragraph that contains only text. */
function costly(text: string): Root {
  return { type: 'root', children: [{ type: 'paragraph', children: [{ type: 'text', value: text }] }] };
}

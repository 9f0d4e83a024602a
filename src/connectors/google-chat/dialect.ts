import type { Root } from 'mdast';
import type { Mentioned } from '../connector.ts';
import { isCostly, parseMarkdown, wellFormed } from '../dialect/markdown.ts';
import { cutChatText, maxBytes, maxSource } from './bounds.ts';
import { renderBlocks } from './render-blocks.ts';
import type { Definition, RenderContext } from './render-inline.ts';

export interface ChatTextOptions {
  /** In bytes of UTF-8; `maxBytes` where none is given. */
  readonly max?: number;
  /** Who is mentioned, by the mention's `ref`. */
  readonly people?: ReadonlyMap<string, Mentioned>;
  /** What is done with the tree before it is written. */
  readonly change?: (tree: Root) => Root;
}

/**
 * Markdown as Google Chat's text (developers.google.com/workspace/chat, "Format messages"). What the author wrote as text is
 * never markup, link or mention in the result. Text that would take seconds to parse is rendered as plain text.
 * @returns at most `max` bytes, with an ellipsis where something was cut; empty where there is nothing to show.
 */
export function toChatText(markdown: string, { max = maxBytes, people = new Map(), change }: ChatTextOptions = {}) {
  const source = markdown.replaceAll(/\r\n?/g, '\n');
  const cut = wellFormed(source.slice(0, maxSource));
  const tree = isCostly(cut) ? costly(cut) : parseMarkdown(cut);
  return cutChatText(render(change === undefined ? tree : change(tree), people), max, cut.length < source.length);
}

/** One paragraph of nothing but text. */
function costly(text: string): Root {
  return { type: 'root', children: [{ type: 'paragraph', children: [{ type: 'text', value: text }] }] };
}

function render(tree: Root, people: ReadonlyMap<string, Mentioned>): string {
  const definitions = new Map<string, Definition>();
  for (const node of tree.children) if (node.type === 'definition') definitions.set(node.identifier, node);
  const context: RenderContext = { definitions, people, styles: '', depth: 0, quoted: false };
  return renderBlocks(tree.children, context).join('\n\n');
}

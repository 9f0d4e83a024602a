import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { cutMrkdwn, isCostly, maxSource, maxText } from './bounds.ts';
import { escapeLineStarts, escapeText } from './escape.ts';
import { renderBlocks } from './render-blocks.ts';
import type { Definition, RenderContext } from './render-inline.ts';

/**
 * Markdown as Slack's mrkdwn (docs.slack.dev, "Formatting"). What the author wrote as text is never markup, link or
 * mention in the result. Text that would take seconds to parse is rendered as plain text.
 * @param max in code units.
 * @returns at most so many, with an ellipsis where something was cut; empty where there is nothing to show.
 */
export function toMrkdwn(markdown: string, max = maxText): string {
  const source = markdown.replaceAll(/\r\n?/g, '\n');
  const cut = wellFormed(source.slice(0, maxSource));
  const text = isCostly(cut) ? escapeLineStarts(escapeText(cut)).trim() : render(cut);
  return cutMrkdwn(text, max, cut.length < source.length);
}

function render(source: string): string {
  const tree = fromMarkdown(source, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  const definitions = new Map<string, Definition>();
  for (const node of tree.children) if (node.type === 'definition') definitions.set(node.identifier, node);
  const context: RenderContext = { definitions, styles: '', depth: 0, quoted: false };
  return renderBlocks(tree.children, context).join('\n\n');
}

/** The cut may have gone through a surrogate pair. */
function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '');
}

import type { Root } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { isCostly, parseMarkdown, wellFormed } from '../../text/markdown.ts';
import { renderStar } from '../../text/star-blocks.ts';
import { cutMrkdwn, maxSource, maxText } from './bounds.ts';
import { escapeLineStarts, escapeText } from './escape.ts';
import { mrkdwn } from './markup.ts';

export interface MrkdwnOptions {
  /** In code units; `maxText` where none is given. */
  readonly max?: number;
  /** Who is mentioned, by the mention's `ref`. */
  readonly people?: ReadonlyMap<string, Mentioned>;
  /** What is done with the tree before it is written. */
  readonly change?: (tree: Root) => Root;
}

/**
 * Markdown as Slack's mrkdwn (docs.slack.dev, "Formatting"). What the author wrote as text is never markup, link or
 * mention in the result. Text that would take seconds to parse is rendered as plain text.
 * @returns at most `max`, with an ellipsis where something was cut; empty where there is nothing to show.
 */
export function toMrkdwn(markdown: string, { max = maxText, people = new Map(), change }: MrkdwnOptions = {}): string {
  const source = markdown.replaceAll(/\r\n?/g, '\n');
  const cut = wellFormed(source.slice(0, maxSource));
  const text = isCostly(cut)
    ? escapeLineStarts(escapeText(cut)).trim()
    : renderStar(change === undefined ? parseMarkdown(cut) : change(parseMarkdown(cut)), mrkdwn, people);
  return cutMrkdwn(text, max, cut.length < source.length);
}

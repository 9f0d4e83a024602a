import type { Root } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { isCostly, parseMarkdown, wellFormed } from '../../text/markdown.ts';
import { renderStar } from '../../text/star-blocks.ts';
import { cutMrkdwn, maxSource, maxText } from './bounds.ts';
import { escapeLineStarts, escapeText } from './escape.ts';
import { mrkdwn } from './markup.ts';

export interface MrkdwnOptions {
  /** In code units; the default is `maxText`. */
  readonly max?: number;
  /** The people who are mentioned, by the `ref` of the mention. */
  readonly people?: ReadonlyMap<string, Mentioned>;
  /** Changes the tree before it is written. */
  readonly change?: (tree: Root) => Root;
}

/**
 * Writes Markdown as Slack's mrkdwn (docs.slack.dev, "Formatting"). What the author wrote as text never becomes markup,
 * a link or a mention. Text that would take seconds to parse is written as plain text.
 * @returns at most `max` code units, with an ellipsis if something was cut; empty if there is nothing to show.
 */
export function toMrkdwn(markdown: string, { max = maxText, people = new Map(), change }: MrkdwnOptions = {}): string {
  const source = markdown.replaceAll(/\r\n?/g, '\n');
  const cut = wellFormed(source.slice(0, maxSource));
  const text = isCostly(cut)
    ? escapeLineStarts(escapeText(cut)).trim()
    : renderStar(change === undefined ? parseMarkdown(cut) : change(parseMarkdown(cut)), mrkdwn, people);
  return cutMrkdwn(text, max, cut.length < source.length);
}

import { zeroWidthSpace } from '../../text/star-inline.ts';

/** The length at which Slack cuts a text (docs.slack.dev, chat.postMessage, "Truncating content"), in code units. */
export const maxText = 40_000;
/** The length from which chat.update answers `msg_too_long` (docs.slack.dev, chat.update, "Errors"). */
export const maxEditText = 4_000;
/** A longer source does not fit after rendering, because rendering shortens hardly anything. */
export const maxSource = 44_000;
const ellipsis = '…';

/**
 * Cuts mrkdwn so that the rest remains valid: not inside `<url|label>`, an entity or a character of several code units,
 * and an open code block is closed. An ellipsis shows that something is missing.
 * @param max the longest result, in code units.
 * @param more true if something was already left out before.
 */
export function cutMrkdwn(text: string, max: number, more: boolean): string {
  if (text.length <= max && !more) return text;
  const tail = `${ellipsis}\n\`\`\``;
  let end = Math.min(text.length, max - tail.length - 1);
  if (end < text.length) {
    end = new Intl.Segmenter().segment(text).containing(end)?.index ?? end;
    end = beforeOpen(text, end, '<', '>');
    end = beforeOpen(text, end, '&', ';');
    while (end > 0 && (text[end - 1] === '`' || text[end - 1] === zeroWidthSpace)) end -= 1;
  }
  const kept = text.slice(0, end).trimEnd();
  const inCode = kept.split('```').length % 2 === 0;
  return inCode ? `${kept}\n${tail}` : `${kept}${ellipsis}`;
}

/** Moves the end before a pair that it would divide. Both kinds of pairs are always within one line. */
function beforeOpen(text: string, end: number, open: string, close: string): number {
  const line = text.lastIndexOf('\n', end - 1) + 1;
  const start = text.slice(line, end).lastIndexOf(open);
  return start >= 0 && !text.slice(line + start, end).includes(close) ? line + start : end;
}

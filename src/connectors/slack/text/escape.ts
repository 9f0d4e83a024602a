import { zeroWidthSpace } from '../../text/star-inline.ts';

/**
 * Escapes the three characters that Slack decodes. This also disarms `<!channel>`, `<@U…>` and links (docs.slack.dev,
 * "Formatting").
 */
export function escapeEntities(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * Escapes text so that it is shown literally. A formatting character begins a style only after white space or
 * punctuation and before a visible character, so only such characters get a zero-width space. Names such as
 * `db_host_name` can still be copied.
 * @param styles the delimiters that are open around the text. Inside a style, such a character could also end the
 * style.
 */
export function escapeText(text: string, styles = ''): string {
  const inert = text.replaceAll(/[*_~`]/g, (mark: string, at: number) => {
    const afterWord = /[\p{L}\p{N}]/u.test(text[at - 1] ?? ' ');
    const next = text[at + 1] ?? '';
    if (mark === '`') return mark + zeroWidthSpace;
    if (styles.includes(mark))
      return afterWord && /[\p{L}\p{N}]/u.test(next) ? mark : zeroWidthSpace + mark + zeroWidthSpace;
    return afterWord || /\s/.test(next) ? mark : mark + zeroWidthSpace;
  });
  return escapeEntities(inert);
}

/** An encoded `>` at the start of a line begins a quote, too. */
export function escapeLineStarts(text: string): string {
  return text.replaceAll(/^([ \t]*)&gt;/gm, `$1${zeroWidthSpace}&gt;`);
}

/**
 * Escapes a link's target for use between `<` and `|`. Undefined for a scheme that is not a link, among them `!channel`
 * and `@U1`, which would become a mention.
 */
export function linkTarget(url: string): string | undefined {
  if (!/^(?:https?:\/\/|mailto:|tel:)/i.test(url)) return undefined;
  return escapeEntities(url.replaceAll(/[\s<>|\p{Cc}]/gu, (char) => encodeURIComponent(char)));
}

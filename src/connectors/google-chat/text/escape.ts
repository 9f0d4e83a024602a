import { zeroWidthSpace } from '../../text/star-inline.ts';

/**
 * Escapes text so that it is shown literally. `<` begins a mention or a link, so it is separated from the next
 * character. A formatting character begins a style only after white space or punctuation and before a visible
 * character, so only such characters get a zero-width space. Names such as `db_host_name` can still be copied.
 * @param styles the delimiters that are open around the text. Inside a style, such a character could also end the
 * style.
 */
export function escapeText(text: string, styles = ''): string {
  return text.replaceAll(/[*_~`<]/g, (mark: string, at: number) => {
    const next = text[at + 1];
    // The character after the end of this text is not known here.
    if (mark === '<') return next !== undefined && /\s/.test(next) ? mark : mark + zeroWidthSpace;
    if (mark === '`') return mark + zeroWidthSpace;
    const isAfterWord = isWord(text[at - 1]);
    if (styles.includes(mark)) return isAfterWord && isWord(next) ? mark : zeroWidthSpace + mark + zeroWidthSpace;
    return isAfterWord || (next !== undefined && /\s/.test(next)) ? mark : mark + zeroWidthSpace;
  });
}

/** Keeps a hyphen or asterisk at the start of a line of a paragraph from becoming a list item. */
export function escapeLineStarts(text: string): string {
  return text.replaceAll(/^([ \t]*)(?=[*-][ \t])/gm, `$1${zeroWidthSpace}`);
}

/**
 * Escapes code as little as possible, so that it can be copied: only the beginnings of mentions and links, and fences
 * inside a fence.
 */
export function escapeCode(text: string): string {
  return text
    .replaceAll(/`{3,}/g, (ticks) => ticks.split('').join(zeroWidthSpace))
    .replaceAll(/<(?=users\/|[a-z][a-z0-9+.-]*:)/gi, `<${zeroWidthSpace}`);
}

/**
 * Escapes a link's target for use between `<` and `|`. Undefined for a scheme that is not a link, and for `users/…`,
 * which is a mention.
 */
export function linkTarget(url: string): string | undefined {
  if (!/^(?:https?:\/\/|mailto:|tel:)/i.test(url) || !URL.canParse(url)) return undefined;
  return url.replaceAll(/[\s<>|`\p{Cc}\u200B]/gu, (char) => encodeURIComponent(char));
}

/** Replaces the characters that would end a label. */
export function linkLabel(label: string): string {
  return label.replaceAll(/[<>|]/g, (char) => ({ '<': '‹', '>': '›' })[char] ?? '¦');
}

const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}]/u.test(char);

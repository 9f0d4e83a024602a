import { zeroWidthSpace } from '../../text/star-inline.ts';

/**
 * Text that shows as it is. `<` begins a mention or a link, so it never stands directly before what follows. A formatting
 * character begins a style only after white space or punctuation and before something visible, so only those are broken:
 * `db_host_name` stays fit for copying.
 * @param styles delimiters that are open around the text; there such a character could also end the style.
 */
export function escapeText(text: string, styles = ''): string {
  return text.replaceAll(/[*_~`<]/g, (mark: string, at: number) => {
    const next = text[at + 1];
    // What comes behind the last character is not known here.
    if (mark === '<') return next !== undefined && /\s/.test(next) ? mark : mark + zeroWidthSpace;
    if (mark === '`') return mark + zeroWidthSpace;
    const isAfterWord = isWord(text[at - 1]);
    if (styles.includes(mark)) return isAfterWord && isWord(next) ? mark : zeroWidthSpace + mark + zeroWidthSpace;
    return isAfterWord || (next !== undefined && /\s/.test(next)) ? mark : mark + zeroWidthSpace;
  });
}

/** A list's bullet at the start of a line of a paragraph is none. */
export function escapeLineStarts(text: string): string {
  return text.replaceAll(/^([ \t]*)(?=[*-][ \t])/gm, `$1${zeroWidthSpace}`);
}

/**
 * What stands in code, where text should be fit for copying: only what would be a mention or a link is broken, and a fence
 * inside of a fence.
 */
export function escapeCode(text: string): string {
  return text
    .replaceAll(/`{3,}/g, (ticks) => ticks.split('').join(zeroWidthSpace))
    .replaceAll(/<(?=users\/|[a-z][a-z0-9+.-]*:)/gi, `<${zeroWidthSpace}`);
}

/** A link's target as it stands between `<` and `|`; undefined for schemes that are no link, and `users/…`, a mention. */
export function linkTarget(url: string): string | undefined {
  if (!/^(?:https?:\/\/|mailto:|tel:)/i.test(url) || !URL.canParse(url)) return undefined;
  return url.replaceAll(/[\s<>|`\p{Cc}\u200B]/gu, (char) => encodeURIComponent(char));
}

/** A label ends at the `>` of its link. */
export function linkLabel(label: string): string {
  return label.replaceAll(/[<>|]/g, (char) => ({ '<': '‹', '>': '›' })[char] ?? '¦');
}

const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}]/u.test(char);

const zeroWidthSpace = '\u200B';

/**
 * Disarms mentions in code, where nothing can be escaped. Webex does not say whether it looks for mentions there, so an
 * invisible character is put into everything that looks like one.
 */
export function withoutMentions(text: string): string {
  return text.replaceAll('<@', `<${zeroWidthSpace}@`);
}

/**
 * Replaces the serializer's backslash escapes by entities where a backslash is not enough. `<` begins a mention
 * (developer.webex.com, "Formatting Messages"), perhaps also after a backslash; an entity is decoded only when the text
 * is shown. Not every Markdown parser knows `\\@` and `\\:`, which keep an address that somebody wrote as text from
 * becoming a link.
 */
export function escapeMentions(escaped: string): string {
  return escaped
    .replaceAll(/\\([\s\S])|</g, (whole: string, char: string | undefined) => {
      if (char === undefined || char === '<') return '&lt;';
      if (char === '@') return '&#64;';
      return char === '&' ? '&amp;' : whole;
    })
    .replaceAll('\\:/', '&#58;/');
}

/** Escapes a link's target for use in `(…)`. Undefined for a scheme that is not a link. */
export function linkTarget(url: string): string | undefined {
  if (!/^(?:https?:\/\/|mailto:|tel:)/i.test(url)) return undefined;
  return url
    .replaceAll(
      /[\s<>()[\]\\|"`\p{Cc}]/gu,
      (char) =>
        `%${Buffer.from(char)
          .toString('hex')
          .toUpperCase()
          .replaceAll(/(..)(?=.)/g, '$1%')}`,
    )
    .replaceAll(/&(?=#?\w+;)/g, '&amp;');
}

/** The name in `<@…|name>`, where nothing can be escaped either. */
export function mentionLabel(name: string): string {
  return name.replaceAll(/[<>|*_~`[\]\\&#\s\p{Cc}]+/gu, ' ').trim();
}

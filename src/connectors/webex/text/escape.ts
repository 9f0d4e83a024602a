const zeroWidthSpace = '\u200B';

/**
 * Code, in which nothing can be escaped: whether Webex looks for mentions there is not said, so what looks like one is
 * broken without being seen.
 */
export function withoutMentions(text: string): string {
  return text.replaceAll('<@', `<${zeroWidthSpace}@`);
}

/**
 * What the serializer escaped with a backslash as an entity instead: `<` begins a mention (developer.webex.com,
 * "Formatting Messages") whatever stands before it, and an entity is decoded by nobody but the reader. Nor does every
 * Markdown know `\\@` and `\\:`, which are no link in an address that somebody wrote as text.
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

/** A link's target as it stands in `(…)`; undefined for schemes that are no link. */
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

/** A name inside of `<@…|name>`, where nothing can be escaped either. */
export function mentionLabel(name: string): string {
  return name.replaceAll(/[<>|*_~`[\]\\&#\s\p{Cc}]+/gu, ' ').trim();
}

const longest = 300;
/** A text is cut to this length before it is searched, so that a huge one costs no more than a long one. */
const longestRead = 4_000;

const opensQuote = /["`“”„‘«»]|(?<!\w)'/u;
const closesQuote = /["`“”„«»]|['’](?!\w)/gu;

/**
 * Removes the parts of a text that may be values, and keeps the words. It removes:
 * - all lines but the first, because parsers quote their input in the others;
 * - everything from the first quote to the last. PostgreSQL and V8 do not escape the quotes within a quoted value, so a
 *   reader cannot tell which quotes belong together;
 * - from a URL everything but its scheme and host;
 * - addresses of people and rooms: words with an `@`, and Matrix's ids, which have a sigil and a colon;
 * - credentials: the word after `Bearer` or `Basic`, and words of 40 characters or more with a digit in them.
 * @returns at most 300 characters.
 */
export function safeText(text: string): string {
  const [line = ''] = text.slice(0, longestRead).split('\n', 1);
  const clean = withoutQuotes(line)
    .replaceAll(/\b([a-z][a-z0-9+.-]*):\/\/(\S+)/gi, (_url, scheme: string, rest: string) =>
      // An `@` may follow a password, or be part of an address in the path.
      rest.includes('@') ? `${scheme}://…` : `${scheme}://${rest.split(/[/?#\\]/, 1)[0]}`,
    )
    .replaceAll(/\S*@\S*|(?<!\S)[!#$]\S+:\S+/g, '…')
    .replaceAll(/\b(Bearer|Basic)\s+\S+/gi, '$1 …')
    .replaceAll(/\b(?=[\w+=-]*\d)[\w+=-]{40,}/g, '…');
  return shorten(clean, longest);
}

/** Cuts a text to a number of characters; the last one is then an ellipsis. */
export function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function withoutQuotes(text: string): string {
  const from = text.search(opensQuote);
  if (from === -1) return text;
  const end = [...text.slice(from + 1).matchAll(closesQuote)].at(-1);
  return end === undefined ? `${text.slice(0, from)}…` : `${text.slice(0, from)}…${text.slice(from + 2 + end.index)}`;
}

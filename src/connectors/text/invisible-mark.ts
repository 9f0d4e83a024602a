import { createHash } from 'node:crypto';

/**
 * What ties a post to its delivery, and tells everybody's Carillon that it is a copy, where a platform keeps nothing
 * beside a text that we could set. On Zoom a copy is the post of an ordinary user: to another Carillon with another user,
 * which bridges the same channel, it would look like a person's words, and the two would answer each other without end. So
 * the mark stands in the text, in characters that show nothing and that no keyboard has (U+2061 to U+2064, the invisible
 * operators of mathematics): four that are the same in every mark, then twenty that are 40 bits of a hash of the
 * delivery's id, or of its part's key.
 *
 * It stands at the very beginning: there no cut takes it away, and a part that a person copies out of a message does not
 * bring it along to where it would make that person's own words ours.
 *
 * Whether a platform ever strips such characters is not documented: who looks for a mark must not take a post without one
 * for somebody else's where it could be ours all the same.
 */
const signs = ['\u2061', '\u2062', '\u2063', '\u2064'] as const;
const prefix = '\u2063\u2062\u2063\u2064';
const hashSigns = 20;

/** In characters, all of one UTF-16 code unit. */
export const markLength = prefix.length + hashSigns;

/** The mark of a post by its key, `Outgoing.key`, to be put in front of its text. */
export function markOf(key: string): string {
  const digest = createHash('sha256').update(key).digest();
  let mark = prefix;
  for (let index = 0; index < hashSigns; index += 1) {
    const byte = digest[index >> 2] ?? 0;
    mark += signs[(byte >> ((index & 3) * 2)) & 3];
  }
  return mark;
}

/** Whether some Carillon posted it: then it is a copy of what was said elsewhere. */
export function isMarked(text: string): boolean {
  return text.startsWith(prefix);
}

/** The text as people see it. */
export function withoutMarks(text: string): string {
  return text.replaceAll(/[\u2061-\u2064]/g, '');
}

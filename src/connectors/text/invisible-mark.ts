import { createHash } from 'node:crypto';

/**
 * A mark that ties a post to its delivery and tells every Carillon that the post is a copy, for platforms on which a
 * bot can attach no data to a post. On Zoom, a copy is posted as an ordinary user. To another Carillon that bridges the
 * same channel with another user, it would look like a person's words, and the two would answer each other without end.
 *
 * The mark is part of the text. It consists of characters that show nothing and that no keyboard has (U+2061 to U+2064,
 * the invisible operators of mathematics): 4 that are the same in every mark, then 20 that encode 40 bits of a hash of
 * `Outgoing.key`.
 *
 * The mark is at the very beginning of the text, where no cut removes it. A person who copies a passage out of a
 * message does not copy it along, so that person's own post is not taken for ours.
 *
 * It is not documented whether a platform ever strips such characters. Code that looks for a mark must not conclude
 * that a post without one was written by someone else if it could be ours.
 */
const signs = ['\u2061', '\u2062', '\u2063', '\u2064'] as const;
const prefix = '\u2063\u2062\u2063\u2064';
const hashSigns = 20;

/** The length of a mark. Each of its characters is one UTF-16 code unit. */
export const markLength = prefix.length + hashSigns;

/**
 * The mark of a post, to be put before its text.
 * @param key the post's `Outgoing.key`.
 */
export function markOf(key: string): string {
  const digest = createHash('sha256').update(key).digest();
  let mark = prefix;
  for (let index = 0; index < hashSigns; index += 1) {
    const byte = digest[index >> 2] ?? 0;
    mark += signs[(byte >> ((index & 3) * 2)) & 3];
  }
  return mark;
}

/** Whether any Carillon posted this text, which means that it is a copy. */
export function isMarked(text: string): boolean {
  return text.startsWith(prefix);
}

/** The text as people see it. */
export function withoutMarks(text: string): string {
  return text.replaceAll(/[\u2061-\u2064]/g, '');
}

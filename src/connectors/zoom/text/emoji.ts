import { unicodeOf } from '../../text/emoji.ts';

/**
 * Writes an emoji as Zoom does: `U+1F600` (developers.zoom.us, React to a chat message: "the emoji's unicode value, in
 * UTF-32 format"). How to write one of several code points is not documented; we put spaces between them.
 * @returns undefined for an emoji that Unicode does not have (`:name:`), because Zoom knows an account's own emoji by
 * the id of a file.
 */
export function toZoomEmoji(emoji: string): string | undefined {
  const known = /^:([^:\s]+):$/.exec(emoji)?.[1];
  const char = known === undefined ? emoji : unicodeOf(known);
  if (char === '' || char.startsWith(':')) return undefined;
  return Array.from(char, (one) => `U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`).join(
    ' ',
  );
}

/** Reads the code points of an emoji, however they are separated. A text without any is taken for the emoji itself. */
export function fromZoomEmoji(text: string): string | undefined {
  const points = [...text.matchAll(/U\+([0-9A-F]{4,6})(?![0-9A-F])/gi)].map(([, hex]) =>
    Number.parseInt(hex ?? '', 16),
  );
  // The longest emoji of Unicode have ten code points.
  if (points.length > 20) return undefined;
  if (points.length === 0) return text.trim() === '' || text.length > 100 ? undefined : text.trim();
  return points.every((point) => point > 0 && point <= 0x10_ff_ff) ? String.fromCodePoint(...points) : undefined;
}

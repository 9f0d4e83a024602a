import { zeroWidthSpace } from '../../text/star-inline.ts';

/**
 * Limit of the text in bytes. A message may have 32 000 (developers.google.com/workspace/chat, "Usage limits"); the
 * rest is for its other parts, such as its thread.
 */
export const maxBytes = 31_500;
/**
 * Limit of the Markdown that is read, in code units. A longer source does not fit, because rendering shortens hardly
 * anything.
 */
export const maxSource = 34_000;
const ellipsis = '…';

/**
 * Cuts text so that the rest remains valid: not inside `<url|label>` or a character of several code units, and an open
 * code block is closed. An ellipsis shows that something is missing.
 * @param max the longest result, in bytes.
 * @param more true if something was already left out before.
 */
export function cutChatText(text: string, max: number, more: boolean): string {
  if (!more && Buffer.byteLength(text) <= max) return text;
  const tail = `${ellipsis}\n\`\`\``;
  let end = fitting(text, max - Buffer.byteLength(tail) - 1);
  if (end < text.length) {
    end = new Intl.Segmenter().segment(text).containing(end)?.index ?? end;
    const line = text.lastIndexOf('\n', end - 1) + 1;
    const open = text.slice(line, end).lastIndexOf('<');
    if (open >= 0 && !text.slice(line + open, end).includes('>')) end = line + open;
    while (end > 0 && (text[end - 1] === '`' || text[end - 1] === zeroWidthSpace)) end -= 1;
  }
  const kept = text.slice(0, end).trimEnd();
  const inCode = kept.split('```').length % 2 === 0;
  return inCode ? `${kept}\n${tail}` : `${kept}${ellipsis}`;
}

/** How many code units of the text fit into this many bytes of UTF-8. Never ends inside a surrogate pair. */
function fitting(text: string, bytes: number): number {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text.length;
  let end = bytes;
  // The continuation bytes of a character begin with the bits 10.
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return encoded.subarray(0, end).toString('utf8').length;
}

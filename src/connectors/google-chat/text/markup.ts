import { alignedRows } from '../../text/plain.ts';
import type { StarMarkup } from '../../text/star-inline.ts';
import { escapeCode, escapeLineStarts, escapeText, linkLabel, linkTarget } from './escape.ts';

/** developers.google.com/workspace/chat, "Format messages": bullets are markup, a quote's mark is text, and people know it. */
export const chatMarkup: StarMarkup = {
  escapeText,
  escapeLineStarts,
  inlineCode: (value) => (/[`\n]/.test(value) ? undefined : escapeCode(value)),
  fenced: escapeCode,
  rows: alignedRows,
  linkTarget,
  linkLabel,
  everybody: '<users/all>',
  // An address is an alias in requests only, and `all` would be everybody.
  person: (id) => (/^users\/\d+$/.test(id) ? `<${id}>` : undefined),
  bullet: '*',
  hasQuotes: false,
};

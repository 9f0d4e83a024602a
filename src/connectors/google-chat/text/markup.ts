import { alignedRows } from '../../text/plain.ts';
import type { StarMarkup } from '../../text/star-inline.ts';
import { escapeCode, escapeLineStarts, escapeText, linkLabel, linkTarget } from './escape.ts';

/**
 * The markup of Google Chat (developers.google.com/workspace/chat, "Format messages"). Bullets are markup; `>` is text,
 * but readers understand it.
 */
export const chatMarkup: StarMarkup = {
  escapeText,
  escapeLineStarts,
  inlineCode: (value) => (/[`\n]/.test(value) ? undefined : escapeCode(value)),
  fenced: escapeCode,
  rows: alignedRows,
  linkTarget,
  linkLabel,
  everybody: '<users/all>',
  // An e-mail address is an alias in requests only, and `users/all` would mention everyone.
  person: (id) => (/^users\/\d+$/.test(id) ? `<${id}>` : undefined),
  bullet: '*',
  hasQuotes: false,
};

import type { Table } from 'mdast';
import { plainText, zeroWidthSpace, type StarMarkup } from '../../text/star-inline.ts';
import { escapeEntities, escapeLineStarts, escapeText, linkTarget } from './escape.ts';

/** mrkdwn (docs.slack.dev, "Formatting"): bullets are text, and quotes have one level. */
export const mrkdwn: StarMarkup = {
  escapeText,
  escapeLineStarts,
  inlineCode: (value) => (value.includes('`') ? undefined : escapeEntities(value)),
  // Slack takes no language for a code block, and the text inside must not contain a fence.
  fenced: (value) => escapeEntities(value.replaceAll(/`{3,}/g, (ticks) => ticks.split('').join(zeroWidthSpace))),
  rows: alignedRows,
  linkTarget,
  linkLabel: (label) => label,
  everybody: '<!here>',
  person: (id) => (/^[UW][A-Z0-9]+$/.test(id) ? `<@${id}>` : undefined),
  bullet: '•',
  hasQuotes: true,
};

function alignedRows(table: Table): string {
  const rows = table.children.map((row) => row.children.map((cell) => plainText(cell.children).replaceAll('\n', ' ')));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));
  const lines = rows.map((row) =>
    widths
      .map((wide, column) => (row[column] ?? '') + ' '.repeat(wide - width(row[column] ?? '')))
      .join(' | ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((wide) => '-'.repeat(wide)).join('-|-'));
  return lines.join('\n');
}

/** The width in characters as a reader counts them. */
function width(text: string): number {
  return [...new Intl.Segmenter().segment(text)].length;
}

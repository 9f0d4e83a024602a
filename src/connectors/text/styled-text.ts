import type { PhrasingContent } from 'mdast';

/** The styles that a platform reports for a piece of text as separate data, not as markup in the text. */
export interface Styles {
  readonly strong?: boolean;
  readonly emphasis?: boolean;
  readonly delete?: boolean;
  readonly code?: boolean;
}

/** Converts a piece of text with its styles into nodes. Each line end becomes a break. */
export function styledText(value: string, styles: Styles): PhrasingContent[] {
  return value
    .split(/\r\n?|\n/)
    .flatMap((line, index) => [
      ...(index === 0 ? [] : [{ type: 'break' as const }]),
      ...(line === '' ? [] : [wrap(line, styles)]),
    ]);
}

function wrap(line: string, styles: Styles): PhrasingContent {
  let node: PhrasingContent =
    styles.code === true ? { type: 'inlineCode', value: line } : { type: 'text', value: line };
  if (styles.delete === true) node = { type: 'delete', children: [node] };
  if (styles.emphasis === true) node = { type: 'emphasis', children: [node] };
  if (styles.strong === true) node = { type: 'strong', children: [node] };
  return node;
}

import type { PhrasingContent } from 'mdast';

/** What a platform says of a piece of text beside it. */
export interface Styles {
  readonly strong?: boolean;
  readonly emphasis?: boolean;
  readonly delete?: boolean;
  readonly code?: boolean;
}

/** A piece of text with its styles, as nodes: a break for each line end. */
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

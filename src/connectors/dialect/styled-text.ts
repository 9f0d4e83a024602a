import type { PhrasingContent } from 'mdast';

/** What a platform says of a piece of text beside it. */
export interface Styles {
  readonly strong?: boolean;
  readonly emphasis?: boolean;
  readonly delete?: boolean;
  readonly code?: boolean;
}

/**
 * A piece of text with its styles, as nodes: a break for each line end, and white space at either end outside of the
 * styles, since Markdown has no style that begins or ends with it.
 */
export function styledText(value: string, styles: Styles): PhrasingContent[] {
  return value
    .split(/\r\n?|\n/)
    .flatMap((line, index) => [...(index === 0 ? [] : [{ type: 'break' as const }]), ...styledLine(line, styles)]);
}

function styledLine(line: string, styles: Styles): PhrasingContent[] {
  const core = line.trim();
  if (core === '') return line === '' ? [] : [{ type: 'text', value: line }];
  const start = line.indexOf(core);
  const around = (text: string): PhrasingContent[] => (text === '' ? [] : [{ type: 'text', value: text }]);
  return [...around(line.slice(0, start)), wrap(core, styles), ...around(line.slice(start + core.length))];
}

function wrap(core: string, styles: Styles): PhrasingContent {
  let node: PhrasingContent =
    styles.code === true ? { type: 'inlineCode', value: core } : { type: 'text', value: core };
  if (styles.delete === true) node = { type: 'delete', children: [node] };
  if (styles.emphasis === true) node = { type: 'emphasis', children: [node] };
  if (styles.strong === true) node = { type: 'strong', children: [node] };
  return node;
}

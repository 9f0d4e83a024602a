import { fromHtml } from 'hast-util-from-html';

/** Deeper nested than this nobody shows it, and reading it ends the stack. */
const maxOpen = 100;
/** An element of style that is left open is made anew in each block behind it (HTML, "adoption agency"). */
const maxMadeAnew = 300_000;
/** More takes longer than a second. */
const maxElements = 5_000;
/** They end without an end tag, or have none. */
const selfEnding = new Set(
  'area base br col embed hr img input link meta source track wbr p li dd dt tr td th thead tbody tfoot option'.split(
    ' ',
  ),
);

/**
 * Whether reading would hold up the process, or end its stack: 20 000 characters of `<b>` do. Where an end tag may be no
 * end tag, as within an attribute or a script, none is believed.
 */
export function isCostlyHtml(html: string): boolean {
  const isPlain =
    !/<[a-z/!?][^>]*<|<(?:title|textarea|style|script|xmp|iframe|no[a-z]+|plaintext|template|svg|math)/i.test(html);
  const open = new Map<string, number>();
  let [depth, most, all] = [0, 0, 0];
  for (const [, end = '', tag = ''] of html.matchAll(/<(\/?)([a-z][^\s/>]*)/gi)) {
    const name = tag.toLowerCase();
    if (end === '') all += 1;
    if (selfEnding.has(name)) continue;
    const count = open.get(name) ?? 0;
    if (end !== '' && (count === 0 || !isPlain)) continue;
    const step = end === '' ? 1 : -1;
    open.set(name, count + step);
    depth += step;
    most = Math.max(most, depth);
  }
  return most > maxOpen || most * all > maxMadeAnew || all > maxElements;
}

/** The text alone, for what is too costly to be read as markup. */
export function textOfSource(html: string): string {
  const text = html
    .replaceAll(/<(?:br|\/p|\/li|\/div)\b[^>]*>/gi, '\n')
    .replaceAll(/<\/?[a-z][^>]*>/gi, '')
    .replaceAll('<', '&lt;');
  const [node] = fromHtml(text, { fragment: true }).children;
  return node?.type === 'text' ? node.value : '';
}

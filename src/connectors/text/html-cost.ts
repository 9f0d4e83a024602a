import { fromHtml } from 'hast-util-from-html';

/** Limit of nesting. No client shows deeper elements, and reading them exhausts the stack. */
const maxOpen = 100;
/**
 * Limit of nesting depth times number of elements. A formatting element that is left open is created again in each
 * block after it (HTML, "adoption agency algorithm").
 */
const maxMadeAnew = 300_000;
/** Reading more elements takes longer than a second. */
const maxElements = 5_000;
/** Elements that may end without an end tag, or that have none. */
const selfEnding = new Set(
  'area base br col embed hr img input link meta source track wbr p li dd dt tr td th thead tbody tfoot option'.split(
    ' ',
  ),
);

/**
 * Whether reading this HTML would block the process or exhaust its stack; 20 000 characters of `<b>` do that. If the
 * source contains anything in which an end tag may only be text, such as an attribute or a script, end tags do not
 * reduce the depth.
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

/** The text alone, for HTML that is too costly to read as markup. */
export function textOfSource(html: string): string {
  const text = html
    .replaceAll(/<(?:br|\/p|\/li|\/div)\b[^>]*>/gi, '\n')
    .replaceAll(/<\/?[a-z][^>]*>/gi, '')
    .replaceAll('<', '&lt;');
  const [node] = fromHtml(text, { fragment: true }).children;
  return node?.type === 'text' ? node.value : '';
}

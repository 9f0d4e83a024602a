import type { Link, Root } from 'mdast';
import { defaultHandlers, toMarkdown, type Handle, type Options } from 'mdast-util-to-markdown';
import { mentionOf } from '../../text/mention.ts';
import { escapeMentions, mentionLabel } from './escape.ts';

/**
 * Constructs in which a character need not be escaped, as for the serializer's own rules (mdast-util-to-markdown,
 * `unsafe`).
 */
const notThere = [
  'autolink',
  'destinationLiteral',
  'destinationRaw',
  'reference',
  'titleQuote',
  'titleApostrophe',
] as const;

const text: Handle = (node, parent, state, info) => escapeMentions(defaultHandlers.text(node, parent, state, info));

const link: Handle = Object.assign(
  ((node: Link, _parent, state, info) => {
    const found = mentionOf(node);
    if (found !== undefined) {
      const label = mentionLabel(found.label);
      if (found.mention.kind !== 'native') return '<@all>';
      return `<@personId:${found.mention.id}${label === '' ? '' : `|${label}`}>`;
    }
    const exits = [state.enter('link'), state.enter('label')];
    const tracker = state.createTracker(info);
    let value = tracker.move('[');
    value += tracker.move(state.containerPhrasing(node, { ...tracker.current(), before: value, after: ']' }));
    for (const exit of exits.reverse()) exit();
    return `${value}](${node.url})`;
  }) satisfies Handle,
  { peek: () => '[' },
);

/** Made once, because the patterns are compiled at the first use and stored in the object. */
const writing: Options = {
  bullet: '-',
  emphasis: '_',
  fences: true,
  listItemIndent: 'one',
  rule: '-',
  handlers: { break: () => '  \n', link, text },
  // Webex does not say whether it strikes text out or renders tables, so escape what could cause either.
  unsafe: [
    { character: '~', inConstruct: 'phrasing', notInConstruct: [...notThere] },
    { atBreak: true, character: '|' },
    { atBreak: true, character: '-', after: '[:|-]' },
    { atBreak: true, character: ':', after: '-' },
    // An address becomes a link only if the author made it one.
    {
      character: '@',
      before: '[+\\-.\\w]',
      after: '[\\-.\\w]',
      inConstruct: 'phrasing',
      notInConstruct: [...notThere, 'label'],
    },
    {
      character: '.',
      before: '[Ww]',
      after: '[\\-.\\w]',
      inConstruct: 'phrasing',
      notInConstruct: [...notThere, 'label'],
    },
    {
      character: ':',
      before: '[PSps]',
      after: '\\/',
      inConstruct: 'phrasing',
      notInConstruct: [...notThere, 'label'],
    },
  ],
};

/** Writes a tree made by `simplify` as Webex's Markdown (developer.webex.com, "Formatting Messages"). */
export function renderMarkdown(tree: Root): string {
  return toMarkdown(tree, writing).trim();
}

import type { Link, Root } from 'mdast';
import { defaultHandlers, toMarkdown, type Handle, type Options } from 'mdast-util-to-markdown';
import { mentionOf } from '../../text/mention.ts';
import { escapeMentions, mentionLabel } from './escape.ts';

/** Constructs in which a tilde is no formatting character, as for the others (mdast-util-to-markdown, `unsafe`). */
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

/** Made once: its patterns are compiled where they are first used, and kept in it. */
const writing: Options = {
  bullet: '-',
  emphasis: '_',
  fences: true,
  listItemIndent: 'one',
  rule: '-',
  handlers: { break: () => '  \n', link, text },
  // Whether Webex strikes text out, or makes tables, is not said: text must do neither.
  unsafe: [
    { character: '~', inConstruct: 'phrasing', notInConstruct: [...notThere] },
    { atBreak: true, character: '|' },
    { atBreak: true, character: '-', after: '[:|-]' },
    { atBreak: true, character: ':', after: '-' },
    // An address is a link only where the author made it one.
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

/** A tree of `simplify` as Webex's Markdown (developer.webex.com, "Formatting Messages"). */
export function renderMarkdown(tree: Root): string {
  return toMarkdown(tree, writing).trim();
}

import type { BlockContent, Nodes, Paragraph, PhrasingContent, Root, TableCell } from 'mdast';
import { mentionNode, mentionOf } from '../../src/connectors/text/mention.ts';
import { fc } from '../support/property.ts';

/** A mention of Ben, who is known on every platform of the suite. */
export const somebody = mentionNode({ kind: 'native', connection: 'acme', id: 'BEN' }, 'Ben');

/** Texts that could become more than text on one platform or another. */
const hostile = fc.constantFrom(
  '<!here>',
  '<!channel>',
  '<@U0BEN>',
  '<#C1|x>',
  '<!subteam^S1>',
  '<!date^1^{date}|x>',
  '&lt;!here&gt;',
  '<users/all>',
  '<users/102>',
  '<https://a.b|x>',
  '<at>Ben</at>',
  '</at>',
  '<at id="0">',
  '&lt;at&gt;',
  '<@personEmail:ben@example.com>',
  '<@personId:UF9|Ben>',
  '<@all>',
  '\\<@all>',
  '@room',
  '@all',
  '@channel',
  '@ben:sim.example',
  'https://matrix.to/#/@ben:sim.example',
  '[@Ben](mention:acme/BEN)',
  'mention:all',
  '*',
  '**',
  '_',
  '__',
  '~',
  '~~',
  '`',
  '``',
  '```',
  '\\',
  '[',
  ']',
  '(',
  ')',
  '[x](http://a.b)',
  '![x](http://a.b)',
  '# ',
  '> ',
  '- ',
  '* ',
  '• ',
  '1. ',
  '1) ',
  '+ ',
  '---',
  '===',
  '|',
  '|-|',
  ':-',
  '    ',
  '\t',
  '[x] ',
  '[ ] ',
  '&amp;',
  '&lt;',
  '&#42;',
  '&',
  '<',
  '>',
  '"',
  "'",
  '<b>',
  '</b>',
  '<br>',
  '<!--',
  '<script>',
  '<a href="http://a.b">',
  'http://a.b',
  'https://a.b/c_d_e',
  'www.a.b',
  'a@b.co',
  'mailto:a@b.co',
  'xmpp:a@b.co',
  ':+1:',
  ':fire:',
  '[^1]',
  '^',
  '!',
  '\u200B',
  '\u200D',
  '\u2060',
  '\u202E',
  '\u200F',
  '\uFEFF',
  '\u2063',
  'مرحبا',
  '👍🏽',
  '👨‍👩‍👧‍👦',
  '\uD83D',
  '\uDE00',
  '\u0000',
  '\u0007',
  '\uE000',
  '\uFFFC0\uFFFC',
);
/** The arbitrary is shared, because each call of `fc.string` makes a table of every character. */
export const anyString = fc.string({ unit: 'binary' });
export const anyBytes = fc.uint8Array({ maxLength: 60 }).map((some) => Buffer.from(some).toString('utf8'));
const word = fc.oneof(
  { weight: 3, arbitrary: hostile },
  { weight: 2, arbitrary: fc.constantFrom('a', 'word', 'db_host_name', '2*3*4', ' ', ' ', '. ', '-') },
  { weight: 1, arbitrary: anyString },
);

/** Text that may be native text of any platform or text of an author. */
export const hostileText = fc.array(word, { minLength: 1, maxLength: 10 }).map((words) => words.join(''));

/** Text of one line with something visible in it, without white space at its ends, which no platform keeps. */
const line = hostileText
  .map((text) => text.replaceAll(/[\r\n\t\v\f\u2028\u2029\p{Zs}]+/gu, ' ').trim())
  .filter((text) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, '')));

const text = line.map((value): PhrasingContent => ({ type: 'text', value }));
const code = line.map((value): PhrasingContent => ({ type: 'inlineCode', value }));
const url = fc.constantFrom('https://a.b/c?d=e&f=g', 'http://x.y/(z)', 'https://a.b/_c_', 'http://a.b/?q=a%7Cb');
const link = fc
  .tuple(url, line)
  .map(([to, value]): PhrasingContent => ({ type: 'link', url: to, children: [{ type: 'text', value }] }));
const leaf = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 1, arbitrary: code },
  { weight: 1, arbitrary: link },
  { weight: 1, arbitrary: fc.constant<PhrasingContent>(somebody) },
  { weight: 1, arbitrary: fc.constant<PhrasingContent>({ type: 'break' }) },
);
const style = fc.constantFrom('strong' as const, 'emphasis' as const, 'delete' as const);
const inner = fc
  .array(leaf, { minLength: 1, maxLength: 3 })
  .filter((nodes) => nodes[0]?.type !== 'break' && nodes.at(-1)?.type !== 'break');
const styled = fc
  .tuple(style, style, inner, fc.boolean())
  .map(([outer, nested, children, isDeep]): PhrasingContent => ({
    type: outer,
    children: isDeep && nested !== outer ? [{ type: nested, children }] : children,
  }));
/** The inline content of a paragraph. It neither begins nor ends with a line break, because a paragraph cannot. */
const phrasing = fc
  .array(fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 1, arbitrary: styled }), { minLength: 1, maxLength: 4 })
  .filter((nodes) => nodes[0]?.type !== 'break' && nodes.at(-1)?.type !== 'break');
const paragraph = phrasing.map((children): Paragraph => ({ type: 'paragraph', children }));
const cell = line.map((value): TableCell => ({ type: 'tableCell', children: [{ type: 'text', value }] }));

const { block } = fc.letrec<{ block: BlockContent; blocks: BlockContent[] }>((tie) => ({
  blocks: fc.array(tie('block'), { minLength: 1, maxLength: 2, depthIdentifier: 'b' }),
  block: fc.oneof(
    { depthSize: 'small', depthIdentifier: 'b', withCrossShrink: true },
    { weight: 6, arbitrary: paragraph },
    { weight: 1, arbitrary: phrasing.map((children) => ({ type: 'heading' as const, depth: 2 as const, children })) },
    { weight: 1, arbitrary: hostileText.map((value) => ({ type: 'code' as const, value })) },
    { weight: 1, arbitrary: fc.constant({ type: 'thematicBreak' as const }) },
    {
      weight: 1,
      arbitrary: fc.tuple(cell, cell, cell, cell).map(([a, b, c, d]) => ({
        type: 'table' as const,
        children: [a, c].map((first, index) => ({ type: 'tableRow' as const, children: [first, index === 0 ? b : d] })),
      })),
    },
    { weight: 1, arbitrary: tie('blocks').map((children) => ({ type: 'blockquote' as const, children })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.boolean(), fc.array(tie('blocks'), { minLength: 1, maxLength: 2 }))
        .map(([ordered, items]) => ({
          type: 'list' as const,
          ordered,
          children: items.map((children) => ({ type: 'listItem' as const, spread: false, children })),
        })),
    },
  ),
}));

/** Any tree, whose text contains markup of every platform. */
export const anyTree = fc
  .array(block, { minLength: 1, maxLength: 3 })
  .map((children): Root => ({ type: 'root', children }));

export interface Facts {
  readonly types: ReadonlySet<string>;
  /** Addresses of the links; `mention` for a mention. */
  readonly targets: ReadonlySet<string>;
  /** The visible text, and its pieces. */
  readonly text: string;
  readonly values: readonly string[];
}

/** Returns what a tree contains in addition to text, and its visible text. */
export function factsOf(tree: Root): Facts {
  const types = new Set<string>();
  const targets = new Set<string>();
  const parts: string[] = [];
  const waiting: Nodes[] = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    types.add(node.type);
    const mention = node.type === 'link' ? mentionOf(node) : undefined;
    if (node.type === 'link')
      targets.add(mention === undefined ? decodeURIComponent(new URL(node.url).href) : 'mention');
    if ('value' in node) parts.push(node.value);
    if (mention !== undefined) parts.push('@Ben');
    else if ('children' in node) waiting.push(...[...(node.children as Nodes[])].reverse());
  }
  return { types, targets, text: seen(parts.join('')), values: parts.map(seen) };
}

const alike: Readonly<Record<string, string>> = { '‹': '<', '›': '>', '¦': '|', ':+1:': '👍', ':fire:': '🔥' };

/**
 * Returns a text without white space and invisible characters, which platforms add and remove. Replaces what looks
 * alike: Slack's names of emoji, and the characters that stand for those that a label of Google Chat cannot have.
 */
export function seen(value: string): string {
  return value
    .replaceAll(/[\s\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}\uFFFC\uFFFD\u00A0]+|\uFE0F/gu, '')
    .replaceAll(/[‹›¦]|:(?:\+1|fire):/g, (one) => alike[one] ?? one);
}

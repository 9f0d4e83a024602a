import type { Nodes } from 'mdast';
import { parseMarkdown, writeMarkdown } from '../../../src/connectors/text/markdown.ts';
import { mentionsIn } from '../../../src/connectors/text/mention.ts';
import { plainText } from '../../../src/connectors/text/plain.ts';
import { readMessage as readChat } from '../../../src/connectors/google-chat/text/read.ts';
import { readActivityText } from '../../../src/connectors/msteams/text/read.ts';
import { readMessage as readSlack } from '../../../src/connectors/slack/text/read.ts';
import { readMessage as readWebex } from '../../../src/connectors/webex/text/read.ts';
import { fc, runs } from '../../support/property.ts';

const adaptive = 'application/vnd.microsoft.card.adaptive';
const slack = (message: object): string => writeMarkdown(readSlack(message, 'acme'));
const teams = (activity: object): string =>
  writeMarkdown(readActivityText(activity, { connection: 'acme', bot: '28:bot' }));
const webex = (message: object): string => writeMarkdown(readWebex(message, 'acme'));
const chat = (message: object): string => writeMarkdown(readChat(message, 'acme'));

describe('arbitrary cards', () => {
  const readers = [
    (value: unknown) => slack({ blocks: [value], attachments: [value] }),
    (value: unknown) => slack({ attachments: [value, { blocks: value, fields: value, actions: [value] }] }),
    (value: unknown) => teams({ attachments: [{ contentType: adaptive, content: value }] }),
    (value: unknown) =>
      teams({ attachments: [{ contentType: 'application/vnd.microsoft.card.hero', content: value }] }),
    (value: unknown) => webex({ attachments: [{ contentType: adaptive, content: { body: [value], actions: value } }] }),
    (value: unknown) => chat({ cardsV2: [{ card: value }], cards: [{ sections: [{ widgets: [value] }] }] }),
  ];
  const keys = 'type text body items columns actions elements rows cells facts title value url fields buttons'.split(
    ' ',
  );
  keys.push(
    ...'sections widgets header card textParagraph decoratedText buttonList inlines fallback accessory'.split(' '),
  );
  const kinds = ['TextBlock', 'Container', 'FactSet', 'Table', 'section', 'context', 'actions', 'table', 'rich_text'];
  const said = fc.constantFrom(
    ...kinds,
    '[x](mention:all)',
    '<users/all>',
    '<!here>',
    '<at>x</at>',
    '**',
    '`',
    '\u0000',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      said,
      fc.constantFrom(null, 1, true),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 6 }),
    ),
  }));

  it('any card is read without an error and mentions nobody', () => {
    fc.assert(
      fc.property(value, (one) => {
        for (const [index, read] of readers.entries()) {
          const mentions = mentionsIn(parseMarkdown(read(one)));
          // `<!here>` is Slack's own markup for a mention of everyone.
          expect(mentions.filter(({ mention }) => index > 1 || mention.kind !== 'all')).toEqual([]);
        }
      }),
      { numRuns: runs(500) },
    );
  });

  it('a card that is nested without end is cut and does not block the process', () => {
    let deep: object = { type: 'TextBlock', text: 'x' };
    for (let level = 0; level < 10_000; level += 1)
      deep = { type: 'Container', items: [deep], columns: { widgets: [deep] }, elements: [deep], blocks: [deep] };
    for (const read of readers) expect(read(deep).length).toBeLessThan(1_000);
  });
});

/** Cards with many parts, each with a text, on each platform. */
const parted: readonly (readonly [string, (texts: readonly string[]) => string])[] = [
  ['attachments of Slack', (texts) => slack({ attachments: [{ fields: texts.map((value) => ({ value })) }] })],
  [
    'an Adaptive Card on Teams',
    (texts) => teams({ attachments: [{ contentType: adaptive, content: { body: texts.map(block) } }] }),
  ],
  [
    'an Adaptive Card on Webex',
    (texts) => webex({ attachments: [{ contentType: adaptive, content: { body: texts.map(block) } }] }),
  ],
  ['a hero card', (texts) => teams(hero({ buttons: texts.map((title) => ({ title })) }))],
  [
    'a card of Google Chat',
    (texts) => chat({ cardsV2: [{ card: { sections: texts.map((header) => ({ header })) } }] }),
  ],
];
function block(text: string): object {
  return { type: 'TextBlock', text };
}
function hero(content: object): object {
  return { attachments: [{ contentType: 'application/vnd.microsoft.card.hero', content }] };
}
const count = (text: string, sign: string): number => text.split(sign).length - 1;

describe.each(parted)('the limits of a card: %s', (_, read) => {
  it('a card shows at most 20 000 characters', () => {
    const shown = count(read(Array.from({ length: 30 }, () => 'q'.repeat(1_000))), 'q');
    expect(shown).toBeGreaterThan(18_000);
    expect(shown).toBeLessThanOrEqual(20_000);
  });

  it('a card shows at most 2 000 values', () => {
    const shown = count(read(Array.from({ length: 5_000 }, () => 'q')), 'q');
    expect(shown).toBeGreaterThan(400);
    expect(shown).toBeLessThanOrEqual(2_000);
  });
});

it('a card shows elements that are nested 8 deep and leaves out those nested 20 deep', () => {
  const nested = (levels: number): string => {
    let one: object = block('inmost');
    for (let level = 0; level < levels; level += 1) one = { type: 'Container', items: [one] };
    return webex({ attachments: [{ contentType: adaptive, content: { body: [one] } }] });
  };
  expect(nested(8)).toBe('inmost');
  expect(nested(20)).toBe('');
});

/** Each part of a card that can contain a link, with the label `x`. */
const places: readonly (readonly [string, (url: string) => string])[] = [
  ['the title of an attachment', (url) => slack({ attachments: [{ title: 'x', title_link: url }] })],
  ['the author of an attachment', (url) => slack({ attachments: [{ author_name: 'x', author_link: url }] })],
  ['the picture of an attachment', (url) => slack({ attachments: [{ text: 'x', image_url: url }] })],
  ['the button of an attachment', (url) => slack({ attachments: [{ actions: [{ text: 'x', url }] }] })],
  ['an image block', (url) => slack({ blocks: [{ type: 'image', image_url: url, alt_text: 'x' }] })],
  ['a video block', (url) => slack({ blocks: [{ type: 'video', title: { text: 'x' }, title_url: url }] })],
  [
    'a button block',
    (url) => slack({ blocks: [{ type: 'actions', elements: [{ type: 'button', text: { text: 'x' }, url }] }] }),
  ],
  ...[
    ['an image', (url: string) => ({ type: 'Image', url, altText: 'x' })] as const,
    ['a link in a text', (url: string) => block(`[x](${url})`)] as const,
    ['an image in a text', (url: string) => block(`![x](${url})`)] as const,
    ['a run', (url: string) => ({ type: 'RichTextBlock', inlines: [{ text: 'x', selectAction: { url } }] })] as const,
    [
      'an action',
      (url: string) => ({ type: 'ActionSet', actions: [{ type: 'Action.OpenUrl', title: 'x', url }] }),
    ] as const,
  ].map(
    ([name, made]) =>
      [
        `${name} of an Adaptive Card`,
        (url: string) => webex({ attachments: [{ contentType: adaptive, content: { body: [made(url)] } }] }),
      ] as const,
  ),
  ['the image of a hero card', (url) => teams(hero({ images: [{ url, alt: 'x' }] }))],
  ['the button of a hero card', (url) => teams(hero({ buttons: [{ type: 'openUrl', title: 'x', value: url }] }))],
  ['the text of a hero card', (url) => teams(hero({ text: `<a href="${url}">x</a>` }))],
  ...[
    ['the image', (url: string) => ({ image: { imageUrl: url, altText: 'x' } })] as const,
    ['a text', (url: string) => ({ textParagraph: { text: `<a href="${url}">x</a>` } })] as const,
    ['Markdown', (url: string) => ({ textParagraph: { text: `[x](${url})`, textSyntax: 'MARKDOWN' } })] as const,
    [
      'a button',
      (url: string) => ({ buttonList: { buttons: [{ text: 'x', onClick: { openLink: { url } } }] } }),
    ] as const,
  ].map(
    ([name, made]) =>
      [
        `${name} of a card of Google Chat`,
        (url: string) => chat({ cardsV2: [{ card: { sections: [{ widgets: [made(url)] }] } }] }),
      ] as const,
  ),
];

describe.each(places)('links in %s', (_, read) => {
  it('a web link in a card keeps its target', () => {
    expect(read('https://a.b/c')).toContain('](https://a.b/c)');
  });

  it.each(['javascript:alert(1)', 'mention:all', 'mention:acme/U0BEN', 'data:text/html,hi', 'slack://open'])(
    'a link in a card with the unsafe target %s becomes text',
    (url) => {
      const shown = read(url);
      expect(shown).toMatch(/x|image/);
      expect(shown).not.toContain('](');
    },
  );
});

it.each([
  ['Slack', (value: string) => slack({ blocks: [{ type: 'header', text: { type: 'plain_text', text: value } }] })],
  ['a fact of Slack', (title: string) => slack({ attachments: [{ fields: [{ title }] }] })],
  ['a run', (value: string) => teams(card({ type: 'RichTextBlock', inlines: [value] }))],
  ['a fact', (title: string) => teams(card({ type: 'FactSet', facts: [{ title }] }))],
  ['an alternative text', (altText: string) => teams(card({ type: 'Media', altText }))],
  ['the title of a hero card', (title: string) => teams(hero({ title }))],
  ['the title of a card of Google Chat', (title: string) => chat({ cardsV2: [{ card: { header: { title } } }] })],
])('text in a card that looks like markup stays text in its copy: %s', (_, read) => {
  const text = '**b** _i_ [y](https://a.b) <b>z</b> `c` https://a.b/d';
  const types = new Set<string>();
  const waiting: Nodes[] = [parseMarkdown(read(text))];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    types.add(node.type);
    if ('children' in node) waiting.push(...node.children);
  }
  for (const type of ['emphasis', 'link', 'html', 'inlineCode']) expect(types).not.toContain(type);
  expect(plainText(parseMarkdown(read(text)))).toContain(text);
});

function card(one: object): object {
  return { attachments: [{ contentType: adaptive, content: { body: [one] } }] };
}

import { parseMarkdown, writeMarkdown } from '../../../../src/connectors/text/markdown.ts';
import { toRichText } from '../../../../src/connectors/zoom/text/write.ts';
import { readMessage } from '../../../../src/connectors/zoom/text/read.ts';
import { fc, runs } from '../../../support/property.ts';

const people = new Map([['mention:acme/U2', { id: 'ben@example.com', name: 'Ben Baker' }]]);
const write = (markdown: string, max = 4_096, isRich = true) =>
  toRichText(markdown, { mark: '', max, isRich, people }) ?? { text: '', formats: [], mentions: [] };

const range = (start_position: number, end_position: number, format_type: string, format_attr?: string) => ({
  start_position,
  end_position,
  format_type,
  ...(format_attr === undefined ? {} : { format_attr }),
});
const read = (message: string, rich_text: unknown = [], at_items: unknown = []): string =>
  writeMarkdown(readMessage({ message, rich_text, at_items }, 'acme'));

describe('messages of Zoom read as Markdown', () => {
  it.each([
    ['text that looks like markup', 'a *b* _c_ `d` <e> # f', [], 'a \\*b\\* \\_c\\_ \\`d\\` \\<e> # f'],
    ['strong', 'a bold b', [range(2, 6, 'Bold')], 'a **bold** b'],
    ['white space at the ends of a style', 'a bold b', [range(1, 7, 'Bold')], 'a **bold** b'],
    ['styles in each other', 'a b c', [range(0, 5, 'Bold'), range(2, 3, 'Italic')], '**a _b_ c**'],
    ['styles that overlap', 'a b c', [range(0, 3, 'Bold'), range(2, 5, 'Italic')], '**a _b_** _c_'],
    ['a style over two lines', 'a\nb', [range(0, 3, 'Strikethrough')], '~~a~~\\\n~~b~~'],
    ['a link', 'see docs', [range(4, 8, 'AddLink', 'https://a.b')], 'see [docs](https://a.b)'],
    ['a link that runs code', 'see docs', [range(4, 8, 'AddLink', 'javascript:x')], 'see docs'],
    ['a link that would be a mention', 'see docs', [range(4, 8, 'AddLink', 'mention:all')], 'see docs'],
    ['a heading', 'Head\ntext', [range(0, 4, 'Paragraph', 'h2')], '## Head\n\ntext'],
    ['a list', 'a\nb\n    c\nd', [range(0, 11, 'BulletedList')], '- a\n- b\n  - c\n- d'],
    ['a numbered list', 'a\nb', [range(0, 3, 'NumberedList')], '1. a\n2. b'],
    [
      'a list of both kinds',
      'a\n    b\nc',
      [range(0, 1, 'BulletedList'), range(2, 7, 'NumberedList'), range(8, 9, 'BulletedList')],
      '- a\n  1. b\n- c',
    ],
    ['a quote', 'a\nb\n\nc\nd', [range(0, 6, 'Quote')], '> a\\\n> b\n>\n> c\n\nd'],
    ['paragraphs', 'a\nb\n\nc', [], 'a\\\nb\n\nc'],
    ['colours and sizes', 'abc', [range(0, 3, 'FontColor', 'FFC0CB'), range(0, 3, 'FontSize', 'l')], 'abc'],
    ['a format that ends inside an emoji', 'a👍b', [range(0, 2, 'Bold')], '**a👍**b'],
    ['formats that lie outside', 'abc', [range(-5, 99, 'Bold'), range(50, 60, 'Quote')], '**abc**'],
    [
      'formats that are none',
      'abc',
      [null, 7, {}, range(2, 1, 'Bold'), { ...range(0, 1, 'Bold'), end_position: 'x' }],
      'abc',
    ],
    ['nothing', '', [], ''],
  ])('a message of Zoom is read as Markdown: %s', (_, message, formats, markdown) => {
    expect(read(message, formats)).toBe(markdown);
  });

  it('mentions of people, by user id or member id, and of everyone are read', () => {
    const item = (start_position: number, end_position: number, more: object) => ({
      start_position,
      end_position,
      ...more,
    });
    const items = [
      item(0, 3, { at_type: 1, at_contact: 'uBen', at_contact_member_id: 'mBen' }),
      item(5, 8, { at_type: 1, at_contact: '', at_contact_member_id: 'mEve' }),
      item(10, 13, { at_type: 2 }),
      item(15, 18, { at_type: 1 }),
    ];
    expect(read('@Ben @Eve @all @Guy', [], items)).toBe(
      '[@Ben](mention:acme/uBen) [@Eve](mention:acme/mEve) [@all](mention:all) @Guy',
    );
  });
});

describe('Markdown written for Zoom and read again', () => {
  it.each([
    ['styles', '**a _b_** ~~c~~'],
    ['a link in strong', '**see [docs](https://a.b/c?d=e)**'],
    ['a heading', '## Head _i_\n\ntext'],
    ['lists', '- a\n  1. b\n  2. **c**\n- d'],
    ['a numbered list', '1. a\n2. b'],
    ['a quote', '> a [b](https://b.b)\n>\n> c\n\nd'],
    ['breaks and paragraphs', 'a\\\nb\n\nc'],
    ['text that looks like markup', '\\*a\\* \\_b\\_ \\<c>'],
  ])('Markdown stays the same after it is written for Zoom and read again: %s', (_, markdown) => {
    const { text: message, formats } = write(markdown);
    expect(read(message, formats)).toBe(markdown);
  });
});

/** Pieces that Markdown or Zoom could take for markup. */
const piece = fc.constantFrom(
  'a',
  'b ',
  ' ',
  '\n',
  '\n\n',
  '*',
  '**',
  '_',
  '~~',
  '`',
  '[x](',
  ')',
  'http://a.b',
  '> ',
  '- ',
  '1. ',
  '# ',
  '@all',
  '<@U1>',
  '<!here>',
  '|',
  '\\',
  '&amp;',
  '\r\n',
  '    ',
  '👍🏽',
  '[@x](mention:all',
  'mention:acme/U2',
  '\u2063',
  '\t',
);
const text = fc.array(piece, { maxLength: 24 }).map((parts) => parts.join(''));

describe('arbitrary text for Zoom', () => {
  it('arbitrary text is written with formats inside the text and mentions nobody whom it does not mention', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 20, max: 200 }), (markdown, max) => {
        const { text: shown, formats, mentions } = write(markdown, max);
        expect(shown.length).toBeLessThanOrEqual(max);
        for (const { start_position: from, end_position: to, format_attr: attribute, format_type: type } of formats) {
          expect(from >= 0 && from < to && to <= shown.length).toBe(true);
          if (type === 'AddLink') expect(attribute).toMatch(/^https?:\/\//);
          if (type === 'AddLink') expect(shown.slice(from, to)).not.toMatch(/[\r\n]/);
        }
        if (!markdown.includes('](mention:') && !markdown.includes('](')) expect(mentions).toEqual([]);
        for (const { start_position: from } of mentions) expect(shown[from]).toBe('@');
      }),
      { numRuns: runs(300) },
    );
  });

  it('arbitrary text of a person is read without markup or mentions', () => {
    fc.assert(
      fc.property(text, (message) => {
        const types = new Set<string>();
        const visit = (node: { type: string; url?: string; children?: readonly unknown[] }): void => {
          types.add(node.type);
          expect(node.url?.startsWith('mention:') ?? false).toBe(false);
          for (const child of node.children ?? []) visit(child as { type: string });
        };
        visit(parseMarkdown(read(message)));
        for (const type of [
          'strong',
          'emphasis',
          'delete',
          'heading',
          'list',
          'blockquote',
          'code',
          'inlineCode',
          'html',
        ])
          expect({ message, types: [...types] }).toEqual({ message, types: expect.not.arrayContaining([type]) });
      }),
      { numRuns: runs(300) },
    );
  });

  it('a text with arbitrary formats is read without an error and stays the same after it is written again', () => {
    const type = fc.constantFrom(
      'Bold',
      'Italic',
      'Strikethrough',
      'BulletedList',
      'NumberedList',
      'Paragraph',
      'Quote',
    );
    const format = fc.record({
      start_position: fc.integer({ min: -2, max: 40 }),
      end_position: fc.integer({ min: -2, max: 40 }),
      format_type: type,
      format_attr: fc.constantFrom('h1', 'h3', 'https://a.b'),
    });
    const item = fc.record({
      start_position: fc.integer({ min: -2, max: 40 }),
      end_position: fc.integer({ min: -2, max: 40 }),
      at_type: fc.constantFrom(1, 2),
      at_contact: fc.constant('U2'),
    });
    fc.assert(
      fc.property(
        text,
        fc.array(format, { maxLength: 5 }),
        fc.array(item, { maxLength: 2 }),
        (message, formats, items) => {
          // At first reading, a bare URL becomes a link.
          const once = writeMarkdown(parseMarkdown(read(message, formats, items)));
          expect(writeMarkdown(parseMarkdown(once))).toBe(once);
        },
      ),
      { numRuns: runs(300) },
    );
  });
});

import { parseMarkdown, writeMarkdown } from '../../src/connectors/dialect/markdown.ts';
import { toRichText } from '../../src/connectors/zoom/dialect.ts';
import { readMessage } from '../../src/connectors/zoom/parse.ts';
import { fc, runs } from '../support/property.ts';

const people = new Map([['mention:acme/U2', { id: 'ben@example.com', name: 'Ben Baker' }]]);
const write = (markdown: string, max = 4_096, isRich = true) =>
  toRichText(markdown, { mark: '', max, isRich, people }) ?? { text: '', formats: [], mentions: [] };

/** Each format as `type[attribute]: text`, so that a test sees what it is of. */
const formatsOf = (markdown: string): string[] => {
  const { text, formats } = write(markdown);
  return formats.map(
    ({ format_type: type, format_attr: attribute, start_position: start, end_position: end }) =>
      `${type}${attribute === undefined ? '' : ` ${attribute}`}: ${text.slice(start, end)}`,
  );
};

describe('Markdown as a Zoom message', () => {
  it.each([
    ['strong, emphasis, strikethrough', '**b** _i_ ~~s~~', 'b i s', ['Bold: b', 'Italic: i', 'Strikethrough: s']],
    ['nested styles', '***nested* bold**', 'nested bold', ['Bold: nested bold', 'Italic: nested']],
    ['the same style twice', '**a **b** c**', 'a b c', ['Bold: a b c']],
    ['a style inside a word', 'in**word**style', 'inwordstyle', ['Bold: word']],
    ['a style over two lines', '**a\nb**', 'a\nb', ['Bold: a\nb']],
    ['code', 'run `rm -rf` now', 'run rm -rf now', []],
    ['code with back-ticks and a mention', '``a`b <@U1>``', 'a`b <@U1>', []],
    ['a fence', '```js\nx < 1\n  y\n```', 'x < 1\n  y', []],
    ['a link', '[docs](https://a.b/c?d=e&f=g)', 'docs', ['AddLink https://a.b/c?d=e&f=g: docs']],
    ['a link in strong', '**see [docs](https://a.b)**', 'see docs', ['Bold: see docs', 'AddLink https://a.b: docs']],
    ['a link with | and > in its URL', '[x](http://a.b/?q=a|b>c)', 'x', ['AddLink http://a.b/?q=a|b>c: x']],
    ['a link over two lines', '[a\nb](http://a.b)', 'a b', ['AddLink http://a.b: a b']],
    ['a link by reference', '[r][1]\n\n[1]: http://z.z', 'r', ['AddLink http://z.z: r']],
    ['a bare URL', 'see https://x.y/a_b_c', 'see https://x.y/a_b_c', ['AddLink https://x.y/a_b_c: https://x.y/a_b_c']],
    ['an e-mail address', '<a@b.co>', 'a@b.co', []],
    ['a telephone number', '[call](tel:+49)', 'call (tel:+49)', []],
    ['a script as a link', '[x](javascript:alert(1))', 'x (javascript:alert(1))', []],
    ['an image', '![alt](http://i/x.png)', 'alt', ['AddLink http://i/x.png: alt']],
    ['a heading', '# Head *i*', 'Head i', ['Paragraph h1: Head i', 'Italic: i']],
    ['a heading of the fifth level', '##### Head', 'Head', ['Paragraph h3: Head']],
    ['a list', '- a\n- **b**', 'a\nb', ['BulletedList: a\nb', 'Bold: b']],
    [
      'lists of three levels',
      '- a\n  - b\n    - c\n- d',
      'a\n    b\n        c\nd',
      ['BulletedList: a\n    b\n        c\nd'],
    ],
    ['a numbered list', '1. x\n2. y', 'x\ny', ['NumberedList: x\ny']],
    ['a numbered list that begins later', '3. x\n4. y', '3. x\n4. y', []],
    [
      'a numbered list in another',
      '- a\n  1. b\n- c',
      'a\n    b\nc',
      ['NumberedList:     b', 'BulletedList: a', 'BulletedList: c'],
    ],
    ['a task list', '- [x] done\n- [ ] open', '☑ done\n☐ open', ['BulletedList: ☑ done\n☐ open']],
    ['a list with code', '- a\n  ```\n  x\n  ```\n- b', '• a\n    x\n• b', []],
    [
      'a quote',
      '> a **b** _c_\n> [d](http://d.d)',
      'a b c\nd',
      ['Quote: a b c\nd', 'Italic: c', 'AddLink http://d.d: d'],
    ],
    ['a quote with code', '> quote\n> ```\n> code\n> ```', 'quote\n\ncode', ['Quote: quote\n\ncode']],
    ['a quote in a quote', '> a\n> > b', 'a\n\nb', ['Quote: a\n\nb']],
    ['a quote behind text', 'x\n\n> _a_', 'x\n\na', ['Quote: a', 'Italic: a']],
    ['a table', '|a|bb|\n|-|-|\n|x|**yy**|', 'a | bb\n--|---\nx | yy', []],
    ['breaks', 'a  \nb\\\nc', 'a\nb\nc', []],
    ['a rule', 'a\n\n---\n\nb', 'a\n\n---\n\nb', []],
    ['a footnote', 'a[^1]\n\n[^1]: note', 'a[1]\n\n[1] note', []],
    ['emoji with joiners and skin tones', '👨‍👩‍👧‍👦 **b** 👍🏽', '👨‍👩‍👧‍👦 b 👍🏽', ['Bold: b']],
    ['text from right to left', 'مرحبا **بالعالم**', 'مرحبا بالعالم', ['Bold: بالعالم']],
    ['CRLF', 'a\r\nb\r\n\r\nc', 'a\nb\n\nc', []],
    ['a literal entity', '&amp;amp; &lt;!channel&gt;', '&amp; <!channel>', []],
    ['mentions of other platforms', '<!channel> <@U1> <users/all> @all', '<!channel> <@U1> <users/all> @all', []],
    ['formatting characters', '\\*no\\* \\_no\\_', '*no* _no_', []],
    ['HTML', '<b>x</b><br>y', '<b>x</b>\ny', []],
    ['nothing', ' \n', '', []],
  ])('writes %s', (_, markdown, text, formats) => {
    expect({ text: write(markdown).text, formats: formatsOf(markdown) }).toEqual({ text, formats });
    expect(write(markdown).mentions).toEqual([]);
  });

  it('mentions who is known, everybody, and nobody else', () => {
    const { text, mentions } = write('[@b](mention:acme/U2) [@all](mention:all) [@Eve](mention:acme/U9) @Ben Baker');
    expect(text).toBe('@Ben Baker @all @Eve @Ben Baker');
    expect(mentions).toEqual([
      { at_contact: 'ben@example.com', at_type: 1, start_position: 0, end_position: 9 },
      { at_type: 2, start_position: 11, end_position: 14 },
    ]);
  });

  it.each([
    ['styles', '**b** _i_', 'b i'],
    ['a link', '[docs](https://a.b)', 'docs (https://a.b)'],
    ['a bare URL', 'https://a.b', 'https://a.b'],
    ['a quote', '> a\n> b', '> a\n> b'],
    ['a list', '- a\n- b\n  1. c', '• a\n• b\n    1. c'],
    ['a mention', '[@b](mention:acme/U2)', '@Ben Baker'],
  ])('writes %s as text where an edit takes nothing else', (_, markdown, text) => {
    expect(write(markdown, 4_096, false)).toEqual({ text, formats: [], mentions: [] });
  });
});

describe('a long Zoom message', () => {
  it.each([
    ['words', 'word '.repeat(2_000), /(?:word|wor|wo|w)…$/],
    ['emoji', '👨‍👩‍👧‍👦'.repeat(500), /👨‍👩‍👧‍👦…$/u],
    ['links', '[label](https://example.com/path) '.repeat(500), /label…$|l…$|la…$|lab…$|labe…$/],
    ['one paragraph of 10 000 characters', `**${'x'.repeat(10_000)}**`, /x…$/],
  ])('of %s is cut between characters, and shows it', (_, markdown, end) => {
    const { text, formats } = write(markdown, 1_024);
    expect(text.length).toBeLessThanOrEqual(1_024);
    expect(text.length).toBeGreaterThan(1_000);
    expect(text).toMatch(end);
    for (const { start_position: from, end_position: to } of formats) {
      expect(from).toBeLessThan(to);
      expect(to).toBeLessThan(text.length);
    }
  });

  it('is not cut inside a mention', () => {
    const { text, mentions } = write(`${'x'.repeat(92)} [@b](mention:acme/U2)`, 100);
    expect(text).toBe(`${'x'.repeat(92)}…`);
    expect(mentions).toEqual([]);
  });

  it('keeps its mark', () => {
    const { text, formats } = toRichText('**long** '.repeat(100), { mark: 'MARK', max: 50, isRich: true }) ?? {};
    expect(text).toMatch(/^MARKlong long.*…$/);
    expect(text?.length).toBeLessThanOrEqual(50);
    expect(formats?.[0]).toMatchObject({ start_position: 4, end_position: 8 });
  });

  it.each([
    ['emphasis', '_a*b'.repeat(20_000)],
    ['quotes', '>'.repeat(20_000)],
    ['lists', '- '.repeat(20_000)],
    ['nested emphasis', '*a **b '.repeat(900) + 'c** d* '.repeat(900)],
  ])('of nothing but %s does not hold up the process', (_, markdown) => {
    const start = performance.now();
    write(markdown);
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});

const range = (start_position: number, end_position: number, format_type: string, format_attr?: string) => ({
  start_position,
  end_position,
  format_type,
  ...(format_attr === undefined ? {} : { format_attr }),
});
const read = (message: string, rich_text: unknown = [], at_items: unknown = []): string =>
  writeMarkdown(readMessage({ message, rich_text, at_items }, 'acme'));

describe('a Zoom message as Markdown', () => {
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
    ['formats that lie outside', 'abc', [range(-5, 99, 'Bold'), range(50, 60, 'Quote')], '**abc**'],
    [
      'formats that are none',
      'abc',
      [null, 7, {}, range(2, 1, 'Bold'), { ...range(0, 1, 'Bold'), end_position: 'x' }],
      'abc',
    ],
    ['nothing', '', [], ''],
  ])('reads %s', (_, message, formats, markdown) => {
    expect(read(message, formats)).toBe(markdown);
  });

  it('reads mentions of people, by user id or member id, and of everybody', () => {
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

/** Pieces that could be taken for markup by one side or the other. */
const piece = fc.constantFrom(
  ...[
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
  ],
  ...[
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
  ],
);
const text = fc.array(piece, { maxLength: 24 }).map((parts) => parts.join(''));

describe('any text', () => {
  it('is a text with ranges that lie in it, and what stands in no mention of ours mentions nobody', () => {
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
      { numRuns: runs(1_000) },
    );
  });

  it('of a person is never markup, link of ours or mention', () => {
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
      { numRuns: runs(1_000) },
    );
  });

  it('with any formats is read without a fault, and what was read is written the same again', () => {
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
          // The first time, a bare URL becomes a link.
          const once = writeMarkdown(parseMarkdown(read(message, formats, items)));
          expect(writeMarkdown(parseMarkdown(once))).toBe(once);
        },
      ),
      { numRuns: runs(1_000) },
    );
  });
});

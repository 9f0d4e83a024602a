import { toRichText } from '../../../../src/connectors/zoom/text/write.ts';

const people = new Map([['mention:acme/U2', { id: 'ben@example.com', name: 'Ben Baker' }]]);
const write = (markdown: string, max = 4_096, isRich = true) =>
  toRichText(markdown, { mark: '', max, isRich, people }) ?? { text: '', formats: [], mentions: [] };

/** Each format as `type[attribute]: text`, so that a test shows to which text it applies. */
const formatsOf = (markdown: string): string[] => {
  const { text, formats } = write(markdown);
  return formats.map(
    ({ format_type: type, format_attr: attribute, start_position: start, end_position: end }) =>
      `${type}${attribute === undefined ? '' : ` ${attribute}`}: ${text.slice(start, end)}`,
  );
};

describe('Markdown written as a Zoom message', () => {
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
  ])('Markdown is written as a Zoom message: %s', (_, markdown, text, formats) => {
    expect({ text: write(markdown).text, formats: formatsOf(markdown) }).toEqual({ text, formats });
    expect(write(markdown).mentions).toEqual([]);
  });

  it('a message mentions a person who is known in Zoom, and everyone, but no other person', () => {
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
  ])('an edit writes %s as plain text, because Zoom takes nothing else in an edit', (_, markdown, text) => {
    expect(write(markdown, 4_096, false)).toEqual({ text, formats: [], mentions: [] });
  });
});

describe('a long text for Zoom', () => {
  it.each([
    ['words', 'word '.repeat(2_000), /(?:word|wor|wo|w)…$/],
    ['emoji', '👨‍👩‍👧‍👦'.repeat(500), /👨‍👩‍👧‍👦…$/u],
    ['links', '[label](https://example.com/path) '.repeat(500), /label…$|l…$|la…$|lab…$|labe…$/],
    ['one paragraph of 10 000 characters', `**${'x'.repeat(10_000)}**`, /x…$/],
  ])('a long text of %s is cut between characters and ends with an ellipsis', (_, markdown, end) => {
    const { text, formats } = write(markdown, 1_024);
    expect(text.length).toBeLessThanOrEqual(1_024);
    expect(text.length).toBeGreaterThan(1_000);
    expect(text).toMatch(end);
    for (const { start_position: from, end_position: to } of formats) {
      expect(from).toBeLessThan(to);
      expect(to).toBeLessThan(text.length);
    }
  });

  it('a message is not cut inside a mention', () => {
    const { text, mentions } = write(`${'x'.repeat(92)} [@b](mention:acme/U2)`, 100);
    expect(text).toBe(`${'x'.repeat(92)}…`);
    expect(mentions).toEqual([]);
  });

  it('a message that is cut keeps its mark', () => {
    const { text, formats } = toRichText('**long** '.repeat(100), { mark: 'MARK', max: 50, isRich: true }) ?? {};
    expect(text).toMatch(/^MARKlong long.*…$/);
    expect(text?.length).toBeLessThanOrEqual(50);
    expect(formats?.[0]).toMatchObject({ start_position: 4, end_position: 8 });
  });
});

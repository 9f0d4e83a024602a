import { toChatText } from '../../../../src/connectors/google-chat/text/write.ts';
import { readMessage } from '../../../../src/connectors/google-chat/text/read.ts';
import { parseMarkdown, writeMarkdown } from '../../../../src/connectors/text/markdown.ts';
import { mentionsIn } from '../../../../src/connectors/text/mention.ts';
import { fc, runs } from '../../../support/property.ts';

/** Makes zero-width spaces visible. */
const visible = (text: string): string => text.replaceAll('\u200B', '¦');
const render = (markdown: string): string => visible(toChatText(markdown));
const read = (formattedText: string): string => writeMarkdown(readMessage({ formattedText }, 'acme'));

describe('Markdown written as text of Google Chat', () => {
  it.each([
    ['strong, emphasis, strikethrough', '**b** _i_ ~~s~~', '*b* _i_ ~s~'],
    ['nested styles', '***nested* bold**', '*_nested_ bold*'],
    ['the same style twice', '**a **b** c**', '*a b c*'],
    ['a style inside a word', 'in**word**style', 'in¦*word*¦style'],
    ['neighbouring styles', '**a**_b_', '*a*¦_b_'],
    ['a style over two lines', '**a\nb**', '*a*\n*b*'],
    ['code', 'run `rm -rf` now', 'run `rm -rf` now'],
    ['code with back-ticks and a mention', '``a`b <users/1>``', 'a`¦b <¦users/1>'],
    [
      'code that holds markup',
      '`<users/all>` `<https://a.b|x>` `List<T>`',
      '`<¦users/all>` `<¦https://a.b|x>` `List<T>`',
    ],
    ['a fence, without its language', '```js\nx<users/1> & y < z\n```', '```\nx<¦users/1> & y < z\n```'],
    ['a fence in a fence', '````\n```\n````', '```\n`¦`¦`\n```'],
    ['a link', '[docs](https://a.b/c?d=e&f=g)', '<https://a.b/c?d=e&f=g|docs>'],
    ['a link with | and > in its URL', '[x](http://a.b/?q=a|b>c)', '<http://a.b/?q=a%7Cb%3Ec|x>'],
    ['a link with ) and a space in its URL', '[x](<http://a.b/(c) d>)', '<http://a.b/(c)%20d|x>'],
    ['a link by reference', '[r][1]\n\n[1]: http://z.z', '<http://z.z|r>'],
    ['a link with back-ticks in its URL', '[x](<http://a.b/```>)', '<http://a.b/%60%60%60|x>'],
    ['a bare URL', 'see https://x.y/a_b_c', 'see <https://x.y/a_b_c>'],
    ['an image', '![alt](http://i/x.png)', '<http://i/x.png|alt>'],
    ['a heading', '# Head *i* **b**', '*Head _i_ b*'],
    ['lists of three levels', '- a\n  - b\n    - c\n- d', '* a\n    * b\n        * c\n* d'],
    ['a numbered list', '3. x\n4. y', '3. x\n4. y'],
    ['a task list', '- [x] done\n- [ ] open', '* ☑ done\n* ☐ open'],
    ['a quote with code', '> quote\n> ```\n> code\n> ```', '> quote\n\n```\ncode\n```'],
    ['a table', '|a|bb|\n|-|-|\n|x<|**yy**|', '```\na  | bb\n---|---\nx< | yy\n```'],
    ['breaks', 'a  \nb\\\nc', 'a\nb\nc'],
    ['a rule', 'a\n\n---\n\nb', 'a\n\n---\n\nb'],
    ['a footnote', 'a[^1]\n\n[^1]: note', 'a[1]\n\n[1] note'],
    ['emoji with joiners and skin tones', '👨‍👩‍👧‍👦 **b** 👍🏽 :fire:', '👨‍👩‍👧‍👦 *b* 👍🏽 :fire:'],
    ['text from right to left', 'مرحبا **بالعالم**', 'مرحبا *بالعالم*'],
    ['CRLF', 'a\r\nb\r\n\r\nc', 'a\nb\n\nc'],
    ['a literal entity', '&amp;amp; &lt;', '&amp; <¦'],
    ['nothing', ' \n', ''],
  ])('Markdown is written as text of Google Chat: %s', (_, markdown, expected) => {
    expect(render(markdown)).toBe(expected);
  });

  it.each([
    ['a mention of everybody', '<users/all> @all', '<¦users/all> @all'],
    ['a mention', '\\<users/123> &lt;users/1&gt;', '<¦users/123> <¦users/1>'],
    ['a mention in two parts', '\\<**users/1**> <users/`1`>', '<¦*users/1*¦> <¦users/`1`¦>'],
    ['a mention as a link', '[x](users/1) [y](<users/all>)', 'x (users/1) y (users/all)'],
    ['a link of its own', '\\<https://evil.example|bank>', '<¦https://evil.example|bank>'],
    ['a script as a link', '[x](javascript:alert\\(1))', 'x (javascript:alert(1))'],
    ['a mention in a label', '[<users/all>](http://a.b)', '<http://a.b|‹users/all›>'],
    ['a bar in a label', '[a|b>c](http://a.b)', '<http://a.b|a¦b›c>'],
    ['formatting characters', '\\*no\\* \\_no\\_ \\~no\\~ \\`no\\`', '*¦no* _¦no_ ~¦no~ `¦no`¦'],
    ['names with underscores', 'db_host_name and 2\\*3\\*4', 'db_host_name and 2*3*4'],
    ['formatting characters inside the style that they would end', '**a b\\* c_d\\*e**', '*a b¦*¦ c_d*e*'],
    ['bullets', '\\* a\n\\- b\n  \\- c', '¦* a\n¦- b\n¦- c'],
    ['HTML', '<b>x</b>', '<¦b>x<¦/b>'],
    ['a comparison', 'a < b', 'a < b'],
  ])('text that looks like markup of Google Chat is shown as text: %s', (_, markdown, expected) => {
    expect(render(markdown)).toBe(expected);
  });

  const people = new Map([
    ['mention:acme/users%2F102', { id: 'users/102', name: 'Ben Baker' }],
    ['mention:ann%40example.com', { id: 'users/ann@example.com', name: 'Ann <users/all>' }],
    ['mention:acme/U1', { id: 'users/all', name: 'Al' }],
  ]);
  it.each([
    ['who is known', '[@Ben](mention:acme/users%2F102)', '<users/102>'],
    ['everybody', '[@all](mention:all)', '<users/all>'],
    ['nobody who is not', '[@Cleo <users/all>](mention:acme/users%2F7)', '@Cleo <¦users/all>'],
    ['nobody by an alias', '[@Ann](mention:ann%40example.com)', '@Ann <¦users/all>'],
    ['nobody by what is no id', '[@Al](mention:acme/U1)', '@Al'],
  ])('a mention notifies %s', (_, markdown, expected) => {
    expect(visible(toChatText(markdown, { people }))).toBe(expected);
  });
});

const parts = [
  'a',
  ' ',
  '\n',
  '\n\n',
  '*',
  '_',
  '~',
  '`',
  '```',
  '<',
  '>',
  '|',
  '[',
  ']',
  '(',
  ')',
  '\\',
  '- ',
  '* ',
  '> ',
  '# ',
  '1. ',
  'users/1',
  'users/all',
  '<users/7>',
  '<users/all>',
  'http://a.b',
  'mention:all',
  '&lt;',
  '&amp;',
  '\u200B',
  '\u0000',
  '👨‍👩‍👧',
  'ي',
];
const soup = fc
  .array(fc.oneof(fc.constantFrom(...parts), fc.string({ maxLength: 4 })), { maxLength: 25 })
  .map((all) => all.join(''));

describe('arbitrary text for Google Chat', () => {
  it('arbitrary text never creates a mention or link that it does not contain', () => {
    fc.assert(
      fc.property(soup, (markdown) => {
        const text = toChatText(markdown);
        const links = /<(?:https?:\/\/|mailto:|tel:)[^<>|\s]*(?:\|[^<>|\n]*)?>/gi;
        const mentions = mentionsIn(parseMarkdown(markdown)).some((one) => one.mention.kind === 'all');
        const rest = (mentions ? text.replaceAll('<users/all>', '') : text).replaceAll(links, '');
        expect(rest).not.toMatch(/<(?:users\/|[a-z][a-z0-9+.-]*:)/i);
      }),
      { numRuns: runs(500) },
    );
  });

  it('text whose characters are all escaped is read back without any style', () => {
    fc.assert(
      fc.property(soup, (source) => {
        const plain = source
          .replaceAll(/\s+/g, ' ')
          .replaceAll(/[\u200B\p{Cc}]/gu, '')
          .trim();
        const tree = readMessage(
          {
            formattedText: toChatText(
              writeMarkdown({
                type: 'root',
                children: [{ type: 'paragraph', children: [{ type: 'text', value: plain }] }],
              }),
            ),
          },
          'acme',
        );
        const types = new Set<string>();
        const visit = (node: { type: string; children?: readonly unknown[] }): void => {
          // A written address becomes a link, as in Markdown.
          if (node.type !== 'link' || !/https?:\/\/|www\.|@/i.test(plain)) types.add(node.type);
          for (const child of node.children ?? []) visit(child as { type: string });
        };
        visit(tree);
        for (const type of types) expect(['root', 'paragraph', 'text', 'break']).toContain(type);
      }),
      { numRuns: runs(500) },
    );
  });

  it('text that was read stays the same after it is written and read again', () => {
    fc.assert(
      fc.property(soup, (text) => {
        // Characters next to a bare address may turn it into a link, and GFM has no escape for that.
        fc.pre(!/https?:|www\.|@/i.test(text));
        const once = read(toChatText(read(text)));
        expect(read(toChatText(once))).toBe(once);
      }),
      { numRuns: runs(500) },
    );
  });
});

it.each(['*a <https://a.b/c?d=e&f|x> b*', 'see <https://a.b/c>', '* <https://a.b|x>\n* <users/all>'])(
  'the links of %s stay the same after they are written and read again',
  (text) => {
    expect(read(toChatText(read(text)))).toBe(read(text));
  },
);

describe('a long text for Google Chat', () => {
  const limit = 31_500;
  it('a text up to the limit is not cut', () => {
    const text = 'x'.repeat(limit);
    expect(toChatText(text)).toBe(text);
  });

  it.each([
    ['words', 'word '.repeat(20_000)],
    ['emoji', '👨‍👩‍👧‍👦'.repeat(5_000)],
    ['letters of two bytes', 'ü'.repeat(20_000)],
    ['links', '[label](https://example.com/path) '.repeat(2_000)],
    ['much longer than the limit', 'a\n\n'.repeat(200_000)],
  ])('a long text of %s is cut between characters and ends with an ellipsis', (_, markdown) => {
    const text = toChatText(markdown);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
    expect(Buffer.byteLength(text)).toBeGreaterThan(limit - 1_500);
    expect(text).toMatch(/(?:wo?r?d?|👨‍👩‍👧‍👦|ü|label>|a)\s*…$/u);
  });

  it('a code block that is cut is closed', () => {
    const text = toChatText(`\`\`\`\n${'line of code\n'.repeat(4_000)}\`\`\``);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
    expect(text).toMatch(/…\n```$/);
  });
});

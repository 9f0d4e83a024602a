import type { Nodes } from 'mdast';
import { parseMarkdown, plainTree, writeMarkdown } from '../../../../src/connectors/text/markdown.ts';
import { mentionNode, mentionsIn } from '../../../../src/connectors/text/mention.ts';
import { plainText } from '../../../../src/connectors/text/plain.ts';
import { toWebex } from '../../../../src/connectors/webex/text/write.ts';
import { readMessage } from '../../../../src/connectors/webex/text/read.ts';
import { fc, runs } from '../../../support/property.ts';

/** Writes Webex's Markdown and makes zero-width spaces visible. */
const render = (markdown: string): string => toWebex(markdown).markdown.replaceAll('\u200B', '¦');
const read = (message: object): string => writeMarkdown(readMessage(message, 'acme'));
const limit = 7_439;

describe("Markdown written as Webex's Markdown", () => {
  it.each([
    ['strong, emphasis; struck text without its line', '**b** _i_ ~~s~~', '**b** _i_ s'],
    ['nested styles', '***nested* bold**', '**_nested_ bold**'],
    ['the same style twice', '**a **b** c**', '**a b c**'],
    ['a style inside a word', 'in**word**style', 'in**word**style'],
    ['neighbouring styles', '**a**_b_', '**a**_b_'],
    ['code', 'run `rm -rf` now', 'run `rm -rf` now'],
    ['code with back-ticks and a mention', '``a`b <@U1>``', '``a`b <¦@U1>``'],
    ['a fence, without its language', '```js\nx<@U1> & y\n```', '```\nx<¦@U1> & y\n```'],
    ['a fence in a fence', '````\n```\n````', '````\n```\n````'],
    ['a link', '[docs](https://a.b/c?d=e&f=g)', '[docs](https://a.b/c?d=e&f=g)'],
    ['a link with | and > in its URL', '[x](http://a.b/?q=a|b>c)', '[x](http://a.b/?q=a%7Cb%3Ec)'],
    ['a link with ) and a space in its URL', '[x](<http://a.b/(c) d>)', '[x](http://a.b/%28c%29%20d)'],
    ['a link with an entity in its URL', '[x](http://a.b/?c&amp;lt;d)', '[x](http://a.b/?c&amp;lt;d)'],
    ['a link by reference', '[r][1]\n\n[1]: http://z.z', '[r](http://z.z)'],
    ['a bare URL', 'see https://x.y/a_b_c', 'see [https://x.y/a_b_c](https://x.y/a_b_c)'],
    ['an e-mail address', '<a@b.co>', '[a@b.co](mailto:a@b.co)'],
    ['an image', '![alt](http://i/x.png)', '[alt](http://i/x.png)'],
    ['headings of three levels at most', '# Head *i*\n\n#### four', '# Head _i_\n\n### four'],
    ['lists of three levels', '- a\n  - b\n    - c\n- d', '- a\n  - b\n    - c\n- d'],
    ['a numbered list', '3. x\n4. y', '3. x\n4. y'],
    ['a task list', '- [x] done\n- [ ] open', '- ☑ done\n- ☐ open'],
    ['code in a list', '- a\n  ```\n  x\n    y\n  ```', '- a\n  ```\n  x\n    y\n  ```'],
    ['a quote with code', '> quote\n> ```\n> code\n> ```', '> quote\n>\n> ```\n> code\n> ```'],
    ['a quote in a quote', '> a\n> > b', '> a\n>\n> > b'],
    ['a table', '|a|bb|\n|-|-|\n|x<|**yy**|', '```\na  | bb\n---|---\nx< | yy\n```'],
    ['every line end as a break', 'a  \nb\\\nc\nd', 'a  \nb  \nc  \nd'],
    ['a rule', 'a\n\n---\n\nb', 'a\n\n---\n\nb'],
    ['a footnote', 'a[^1]\n\n[^1]: note', 'a\\[1]\n\n\\[1]\n\nnote'],
    ['emoji with joiners and skin tones', '👨‍👩‍👧‍👦 **b** 👍🏽 :fire:', '👨‍👩‍👧‍👦 **b** 👍🏽 :fire:'],
    ['text from right to left', 'مرحبا **بالعالم**', 'مرحبا **بالعالم**'],
    ['CRLF', 'a\r\nb\r\n\r\nc', 'a  \nb\n\nc'],
    ['nothing', ' \n', ''],
  ])("Markdown is written as Webex's Markdown: %s", (_, markdown, expected) => {
    expect(render(markdown)).toBe(expected);
  });

  it.each([
    ['mentions', '<!channel> <@personEmail:a@b|x> <@all>', '&lt;!channel> &lt;@personEmail:a&#64;b|x> &lt;@all>'],
    ['an escaped mention', '\\<@all> &lt;@all&gt; \\\\<@all>', '&lt;@all> &lt;@all> \\\\&lt;@all>'],
    ['a mention in a label', '[<@all>](http://a.b)', '[&lt;@all>](http://a.b)'],
    ['a mention in an address', '![<@all>](http://x.y/<@all>)', '[&lt;@all>](http://x.y/%3C@all%3E)'],
    ['a mention of nobody known here', '[@Ben <@all>](mention:x/U1)', '@Ben &lt;@all>'],
    ['a script as a link', '[x](javascript:alert(1))', 'x (javascript:alert(1))'],
    ['a literal entity', '&amp;amp; a&b', '&amp;amp; a&amp;b'],
    ['formatting characters', '\\*no\\* \\_no\\_ \\~\\~no\\~\\~ \\`no\\`', '\\*no\\* \\_no\\_ \\~\\~no\\~\\~ \\`no\\`'],
    ['signs that begin a block', '\\# no\n1\\. no\n\\- no\n\\> no', '\\# no  \n1\\. no  \n\\- no  \n\\> no'],
    ['what could begin a table', 'a\n\\|---\n\nb\n\\:-', 'a  \n\\|---\n\nb  \n\\:-'],
    ['HTML', '<b>x</b>', '&lt;b>x&lt;/b>'],
    ['an HTML block', '<div>\n> q <@all>\n</div>', '&lt;div>  \n\\> q &lt;@all>  \n&lt;/div>'],
  ])('text that looks like markup of Webex is shown as text: %s', (_, markdown, expected) => {
    expect(render(markdown)).toBe(expected);
  });

  it('a person who is known in Webex is mentioned by id, and named in the plain text', () => {
    const people = new Map([
      ['mention:acme/U1', { id: 'UF9', name: 'Ben <@all>|x' }],
      ['mention:acme/U2', { id: 'not an id', name: 'Cleo' }],
    ]);
    const markdown = '[@B](mention:acme/U1) [@C](mention:acme/U2) [@all](mention:all)';
    const { markdown: shown, text } = toWebex(markdown, { people });
    expect(shown).toBe('<@personId:UF9|Ben @all x> @Cleo <@all>');
    expect(text.replaceAll('\u200B', '¦')).toBe('@Ben <¦@all>|x @Cleo @all');
    expect(toWebex(markdown, { people, areMentionsNative: false }).markdown).toBe('@Ben &lt;@all>|x @Cleo @all');
  });
});

describe('messages of Webex read as Markdown', () => {
  const ben = '<spark-mention data-object-type="person" data-object-id="UF9">Ben</spark-mention>';
  it.each([
    ['plain text, in which nothing is markup', { text: 'a *b* <@all>\nc\n\nd' }, 'a \\*b\\* <@all>\\\nc\n\nd'],
    ['styles', { html: '<p><strong>b</strong> <em>i</em> <code>c</code></p>' }, '**b** _i_ `c`'],
    ['a mention', { html: `<p>${ben} hi</p>` }, '[@Ben](mention:acme/UF9) hi'],
    [
      'a mention by the bare UUID',
      {
        html: '<spark-mention data-object-type="person" data-object-id="6b48dfbc-1be7-4fb1-9c45-e1de803b059a">B</spark-mention>',
      },
      `[@B](mention:acme/${Buffer.from('ciscospark://us/PEOPLE/6b48dfbc-1be7-4fb1-9c45-e1de803b059a').toString('base64').replace(/=+$/, '')})`,
    ],
    [
      'a mention of all',
      { html: '<spark-mention data-object-type="groupMention" data-group-type="all">All</spark-mention>' },
      '[@All](mention:all)',
    ],
    ['a link', { html: '<a href="https://a.b/?c&amp;d">x</a>' }, '[x](https://a.b/?c\\&d)'],
    ['a forged mention', { html: '<a href="mention:all">x</a><script>y</script>' }, 'x'],
    [
      'lists, quotes, code',
      { html: '<ul><li>a</li></ul><blockquote>q</blockquote><pre><code>c\n</code></pre>' },
      '- a\n\n> q\n\n```\nc\n```',
    ],
    [
      'Markdown of a program',
      { markdown: '**b** <@personId:UF9|Ben> <@personEmail:a@b.c> <@all>' },
      '**b** [@Ben](mention:acme/UF9) [@a@b.c](mention:a%40b.c) [@all](mention:all)',
    ],
    ['a mention in code', { markdown: '`<@all>` [l](http://a.b/?<@all>)' }, '`<@all>` [l](http://a.b/?<@all>)'],
    ['a forged mention in Markdown', { markdown: '[x](mention:all) <b>y</b>' }, 'x \\<b>y\\</b>'],
    ['HTML before Markdown before text', { html: '<p>a</p>', markdown: 'b', text: 'c' }, 'a'],
    ['nothing', {}, ''],
  ])('a message of Webex is read as Markdown: %s', (_, message, expected) => {
    expect(read(message)).toBe(expected);
  });
});

const parts = [
  '<',
  '>',
  '@all',
  '<@all>',
  '<@personId:U1|',
  '|',
  '[',
  ']',
  '(',
  ')',
  '`',
  '```\n',
  '\n',
  '\n\n',
  '> ',
  '*',
  '**',
  '_',
  '~~',
  '\\',
  '[x](http://a.b)',
  '&lt;',
  '&',
  '#',
  '# ',
  '- ',
  '1. ',
  ' ',
  'a',
  'é',
  '👍🏽',
  '<b>',
  '\t',
  '---',
  ':-',
  '<!--',
];
const soup = fc.array(fc.constantFrom(...parts), { maxLength: 25 }).map((some) => some.join(''));

describe('arbitrary text for Webex', () => {
  it('arbitrary text never becomes markup or a mention', () => {
    fc.assert(
      // Without URLs, because every reader turns a written URL into a link.
      fc.property(
        soup.map((one) => one.replaceAll('http://', 'x:')),
        (text) => {
          const { markdown } = toWebex(writeMarkdown(plainTree(text)));
          expect(markdown).not.toMatch(/<@|(?<!\\)<[A-Za-z!/?]/);
          const back = readMessage({ markdown }, 'acme');
          expect(typesIn(back)).toEqual(new Set());
          expect(squeeze(plainText(back))).toBe(squeeze(text));
        },
      ),
      { numRuns: runs(500) },
    );
  });

  it('arbitrary Markdown is written without an error and mentions nobody who is unknown', () => {
    fc.assert(
      fc.property(soup, (source) => {
        const { markdown, text } = toWebex(source);
        expect(`${markdown}${text}`).not.toMatch(/<@/);
        expect(mentionsIn(readMessage({ markdown }, 'acme'))).toEqual([]);
      }),
      { numRuns: runs(500) },
    );
  });

  it('text that was read stays the same after it is written and read again', () => {
    fc.assert(
      fc.property(soup, fc.constantFrom('html', 'markdown', 'text'), (source, form) => {
        const once = read({ [form]: source });
        const twice = writeMarkdown(parseMarkdown(once));
        expect(plainText(parseMarkdown(twice))).toBe(plainText(parseMarkdown(once)));
        const people = new Map([['mention:acme/U1', { id: 'U1', name: 'Ben' }]]);
        const shown = toWebex(once, { people }).markdown;
        expect(toWebex(read({ markdown: shown }), { people }).markdown).toBe(shown);
      }),
      { numRuns: runs(500) },
    );
  });
});

/** The types of nodes that are not plain text. */
function typesIn(node: Nodes, found = new Set<string>()): Set<string> {
  if (!['root', 'paragraph', 'text', 'break'].includes(node.type)) found.add(node.type);
  if ('children' in node) for (const child of node.children) typesIn(child, found);
  return found;
}

const squeeze = (text: string): string => text.replaceAll(/[\s\u200B]+/g, '');

describe('a long text for Webex', () => {
  const bytes = (text: string): number => Buffer.byteLength(text);

  it('a text up to the limit is not cut', () => {
    const text = 'x'.repeat(limit);
    expect(toWebex(text)).toEqual({ markdown: text, text });
  });

  it.each([
    ['words', 'word '.repeat(20_000), '[word]+'],
    ['emoji', '👨‍👩‍👧‍👦'.repeat(5_000), '👨‍👩‍👧‍👦'],
    ['characters of two bytes', 'é'.repeat(9_000), 'é'],
    ['entities', '&'.repeat(9_000), '&'],
    ['links', '[label](https://example.com/path) '.repeat(2_000), '\\)|[label]+'],
    ['paragraphs', 'a\n\n'.repeat(200_000), 'a'],
  ])('a long text of %s is cut between characters and ends with an ellipsis', (_, source, end) => {
    const { markdown, text } = toWebex(source);
    expect(Math.max(bytes(markdown), bytes(text))).toBeLessThanOrEqual(limit);
    expect(Math.max(bytes(markdown), bytes(text))).toBeGreaterThan(limit - 100);
    expect(markdown).toMatch(new RegExp(`${end}\\s*…(?:\\]\\([^)]*\\))?$`, 'u'));
  });

  it('a code block or style that is cut is closed', () => {
    const code = toWebex(`\`\`\`\n${'line of code\n'.repeat(4_000)}\`\`\``).markdown;
    expect(code).toMatch(/…\n```$/);
    expect(toWebex(`**${'strong '.repeat(1_500)}end**`).markdown).toMatch(/[strong]+…\*\*$/);
  });

  it('a mention at the end of a long text is kept or left out as a whole', () => {
    const people = new Map([['mention:acme/U1', { id: 'U1', name: 'Ben' }]]);
    const { markdown } = toWebex(`${'x'.repeat(7_400)} ${'[@B](mention:acme/U1) '.repeat(20)}`, { people });
    expect(bytes(markdown)).toBeLessThanOrEqual(limit);
    expect(markdown.replaceAll(/<@personId:U1\|B[en]*…?>/g, '')).not.toContain('<@');
  });
});

it("a mention in Webex's Markdown becomes a link with our own scheme", () => {
  const node = mentionNode({ kind: 'native', connection: 'acme', id: 'UF9' }, 'Ben');
  expect(read({ markdown: '<@personId:UF9|Ben>' })).toBe(
    writeMarkdown({ type: 'root', children: [{ type: 'paragraph', children: [node] }] }),
  );
});

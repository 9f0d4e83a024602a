import type { Root } from 'mdast';
import { withAuthor } from '../../../../src/connectors/text/author.ts';
import { writeMarkdown } from '../../../../src/connectors/text/markdown.ts';
import { maxUnits, toTeamsText } from '../../../../src/connectors/msteams/text/write.ts';
import { readActivityText } from '../../../../src/connectors/msteams/text/read.ts';
import { fc, runs } from '../../../support/property.ts';

const render = (markdown: string): string => toTeamsText(markdown).text;

describe('Markdown written as the XML of Teams', () => {
  it.each([
    ['strong, emphasis, strikethrough', '**b** _i_ ~~s~~', '<p><strong>b</strong> <em>i</em> <strike>s</strike></p>'],
    ['nested styles', '***nested* bold**', '<p><strong><em>nested</em> bold</strong></p>'],
    ['a style inside a word', 'in**word**style', '<p>in<strong>word</strong>style</p>'],
    ['code', 'run `rm -rf` now', '<p>run <code>rm -rf</code> now</p>'],
    [
      'code with back-ticks and a mention',
      '``a`b <@U1> <at>x</at>``',
      '<p><code>a`b &lt;@U1> &lt;at>x&lt;/at></code></p>',
    ],
    ['a fence, without its language', '```js\nx<@U1> & y\n```', '<pre>x&lt;@U1> &amp; y</pre>'],
    ['a link', '[docs](https://a.b/c?d=e&f=g)', '<p><a href="https://a.b/c?d=e&amp;f=g">docs</a></p>'],
    ['a link with | and > in its URL', '[x](http://a.b/?q=a|b>c)', '<p><a href="http://a.b/?q=a|b>c">x</a></p>'],
    ['a link with ) in its URL', '[x](<http://a.b/(c)>)', '<p><a href="http://a.b/(c)">x</a></p>'],
    [
      'a link with a quote in its URL',
      '[x](http://a.b/"onclick="x)',
      '<p><a href="http://a.b/&quot;onclick=&quot;x">x</a></p>',
    ],
    ['a link by reference', '[r][1]\n\n[1]: http://z.z', '<p><a href="http://z.z">r</a></p>'],
    ['an image', '![alt](http://i/x.png)', '<p><a href="http://i/x.png">alt</a></p>'],
    ['a heading', '# Head *i*', '<p><strong>Head <em>i</em></strong></p>'],
    [
      'lists of three levels',
      '- a\n  - b\n    - c\n- d',
      '<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ul>',
    ],
    ['a numbered list', '3. x\n4. y', '<ol start="3"><li>x</li><li>y</li></ol>'],
    ['a task list', '- [x] done\n- [ ] open', '<ul><li>☑ done</li><li>☐ open</li></ul>'],
    ['a quote with code', '> quote\n> ```\n> code\n> ```', '<blockquote><p>quote</p><pre>code</pre></blockquote>'],
    ['a table', '|a|bb|\n|-|-|\n|x<|**yy**|', '<pre>a  | bb\n---|---\nx&lt; | yy</pre>'],
    ['breaks and line ends', 'a  \nb\nc', '<p>a<br />b<br />c</p>'],
    ['a rule', 'a\n\n---\n\nb', '<p>a</p><p>---</p><p>b</p>'],
    ['a footnote', 'a[^1]\n\n[^1]: note', '<p>a[1]</p><p>[1]</p><p>note</p>'],
    ['emoji with joiners and skin tones', '👨‍👩‍👧‍👦 **b** 👍🏽', '<p>👨‍👩‍👧‍👦 <strong>b</strong> 👍🏽</p>'],
    ['text from right to left', 'مرحبا **بالعالم**', '<p>مرحبا <strong>بالعالم</strong></p>'],
    ['CRLF', 'a\r\nb\r\n\r\nc', '<p>a<br />b</p><p>c</p>'],
    ['nothing', ' \n', ''],
  ])('Markdown is written as the XML of Teams: %s', (_, markdown, expected) => {
    expect(render(markdown)).toBe(expected);
  });

  it.each([
    ['a mention', '<at>Ben Baker</at>', '<p>&lt;at>Ben Baker&lt;/at></p>'],
    ['an escaped mention', '&lt;at&gt;Ben&lt;/at&gt;', '<p>&lt;at>Ben&lt;/at></p>'],
    ['a mention of everybody', '<!channel> @channel', '<p>&lt;!channel> @channel</p>'],
    ['a literal entity', '&amp;amp; &amp;lt;', '<p>&amp;amp; &amp;lt;</p>'],
    ['a script as a link', '[x](javascript:alert(1))', '<p>x (javascript:alert(1))</p>'],
    ['HTML', '<b onclick="x">y</b>', '<p>&lt;b onclick="x">y&lt;/b></p>'],
    [
      'an HTML block',
      '<div>\n<script>x</script>\n</div>',
      '<p>&lt;div><br />&lt;script>x&lt;/script><br />&lt;/div></p>',
    ],
    ['a control character', 'a\u0000\u0007b', '<p>a\uFFFDb</p>'],
    ['Markdown that is escaped', '\\*no\\* \\[a](b)', '<p>*no* [a](b)</p>'],
  ])('text that looks like markup of Teams is shown as text: %s', (_, markdown, expected) => {
    expect(render(markdown)).toBe(expected);
  });

  it('mentions are written as elements and as entities with the same text in the same order', () => {
    const people = new Map([
      ['mention:a/1', { id: '29:one', name: 'O\'Neil & "Co" <b>' }],
      ['mention:a/2', { id: '29:two' }],
      ['mention:a/3', { name: 'Known Elsewhere' }],
    ]);
    const text = '[@x](mention:a/2) [@x](mention:a/1) [@x](mention:a/3) [@y](mention:a/4) [@all](mention:all)';
    expect(toTeamsText(text, { people })).toEqual({
      text: '<p><at>x</at> <at>O Neil Co b</at> @Known Elsewhere @y @all</p>',
      entities: [
        { type: 'mention', text: '<at>x</at>', mentioned: { id: '29:two', name: 'x' } },
        { type: 'mention', text: '<at>O Neil Co b</at>', mentioned: { id: '29:one', name: 'O Neil Co b' } },
      ],
    });
  });

  it('the name of an author never becomes a mention', () => {
    const change = (tree: Root): Root => withAuthor(tree, { name: '<at>Ben</at>', source: 'Slack' });
    const { text, entities } = toTeamsText('hello', { change });
    expect(text).toBe('<p><strong>&lt;at>Ben&lt;/at> (Slack):</strong> hello</p>');
    expect(entities).toEqual([]);
  });
});

describe('a long text for Teams', () => {
  it.each([
    ['words', 'word '.repeat(30_000), /w?o?r?d?…<\/p>$/],
    ['emoji', '👨‍👩‍👧‍👦'.repeat(10_000), /👨‍👩‍👧‍👦…<\/p>$/u],
    ['brackets', '&lt;'.repeat(40_000), /&lt;…<\/p>$/],
    ['links', '[label](https://example.com/path) '.repeat(1_500), /…(?:<\/a>)?<\/p>$/],
    ['code', `\`\`\`\n${'line "of" code\n'.repeat(8_000)}\`\`\``, /…<\/pre>$/],
  ])('a long text of %s is cut between characters, ends with an ellipsis and stays valid XML', (_, markdown, end) => {
    const written = toTeamsText(markdown);
    const size = JSON.stringify(written).length;
    expect(size).toBeLessThanOrEqual(maxUnits);
    expect(size).toBeGreaterThan(maxUnits / 2);
    expect(written.text.slice(-60)).toMatch(end);
  });

  it('a text is never cut inside a mention, and its entities list only mentions that it still contains', () => {
    const people = new Map([['mention:a/1', { id: '29:one', name: 'Somebody' }]]);
    const { text, entities } = toTeamsText('[@x](mention:a/1) '.repeat(1_500), { people });
    expect(entities).toHaveLength(text.match(/<at>Somebody<\/at>/g)?.length ?? 0);
    expect(entities.length).toBeGreaterThan(100);
    expect(text.slice(-60)).toMatch(/<\/at> ?…<\/p>$/);
  });

  it('a text that fits into a message is not cut', () => {
    const text = 'x'.repeat(30_000);
    expect(render(text)).toBe(`<p>${text}</p>`);
  });
});

const options = { connection: 'acme', bot: '28:bot' };
const mention = (name: string, id: string) => ({ type: 'mention', text: `<at>${name}</at>`, mentioned: { id, name } });
const readHtml = (content: string, entities: object[] = []): string =>
  writeMarkdown(readActivityText({ attachments: [{ contentType: 'text/html', content }], entities }, options));
const readText = (text: string, entities: object[] = [], more: object = {}): string =>
  writeMarkdown(readActivityText({ text, entities, ...more }, options));
const span = (name: string): string =>
  `<span itemscope="" itemtype="http://schema.skype.com/Mention" itemid="0">${name}</span>`;

describe('messages of Teams read as Markdown', () => {
  it.each([
    ['styles', '<p><strong>b</strong> <i>i</i> <s>s</s> <code>c</code></p>', '**b** _i_ ~~s~~ `c`'],
    ['lines', '<div><div>one</div><div>two</div></div>', 'one\n\ntwo'],
    ['a break', '<div>one<br>two</div>', 'one\\\ntwo'],
    ['an empty line', '<p>one</p><p>&nbsp;</p><p>two</p>', 'one\n\ntwo'],
    ['lists', '<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>', '- a\n  - b\n- c'],
    [
      'a quote with code',
      '<blockquote><p>q</p><pre>code\n  more</pre></blockquote>',
      '> q\n>\n> ```\n> code\n>   more\n> ```',
    ],
    ['a link', '<a href="https://a.b/c?d=e&amp;f=(g)">x</a>', '[x](https://a.b/c?d=e\\&f=\\(g\\))'],
    ['a link that is none', '<a href="javascript:alert(1)">x</a> <a href="mention:acme/1">y</a>', 'x y'],
    ['an emoji', '<p>hi <img itemtype="http://schema.skype.com/Emoji" alt="😀" src="https://x/y"></p>', 'hi 😀'],
    ['what looks like markup', '<p>*no* &lt;b&gt; [a](b) &amp;amp;</p>', '\\*no\\* \\<b> \\[a]\\(b) \\&amp;'],
    ['a script', '<p>a</p><script>alert(1)</script><style>b{}</style>', 'a'],
    ['nothing', '', ''],
  ])('HTML of Teams is read as Markdown: %s', (_, html, expected) => {
    expect(readHtml(html)).toBe(expected);
  });

  it('mentions are recognized by their entities, also for two people with the same name', () => {
    const entities = [mention('Ben', '29:1'), mention('Ben', '29:2'), mention('Carillon', '28:bot')];
    expect(readHtml(`<p>${span('Carillon')} ${span('Ben')}, <at id="1">Ben</at></p>`, entities)).toBe(
      '[@Ben](mention:acme/29%3A1), [@Ben](mention:acme/29%3A2)',
    );
  });

  it('an element that looks like a mention but has no entity is read as text', () => {
    expect(readHtml(`<p>${span('Eve')} <a href="https://mention.invalid/0">x</a></p>`, [mention('Ben', '29:1')])).toBe(
      '@Eve x',
    );
    expect(readText('<at>Eve</at> [x](mention:acme/1)', [mention('Ben', '29:1')])).toBe(
      '\\<at>Eve\\</at> \\[x]\\(mention:acme/1)',
    );
  });

  it('the text of a message without HTML is read with its mentions', () => {
    const entities = [mention('Ben &amp; Co', '29:1'), mention('Carillon', '28:bot')];
    expect(readText('<at>Carillon</at> hi <at>Ben &amp; Co</at>\r\n*you*', entities)).toBe(
      'hi [@Ben & Co](mention:acme/29%3A1)\\\n\\*you\\*',
    );
    expect(readText('<b>x</b> <at>Ben &amp; Co</at>', entities, { textFormat: 'xml' })).toBe(
      '**x** [@Ben & Co](mention:acme/29%3A1)',
    );
  });
});

describe('arbitrary text for Teams', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '<at>Ben</at>',
      '<at>',
      '</at>',
      '&lt;at&gt;',
      '<b>',
      '[x](',
      ')',
      '[@x](mention:a/1)',
      '**',
      '_',
      '`',
      '\n',
    ),
    fc.constantFrom('```\n', '> ', '- ', '| a |\n|-|\n', '&', '<', '>', '"', 'http://a.b', '\\', '@Ben', '👍🏽', ' '),
    fc.string({ maxLength: 5 }),
  );
  const markdown = fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(''));

  it('arbitrary text creates no markup and no mention that it does not contain', () => {
    const people = new Map([['mention:a/1', { id: '29:1', name: 'Ben' }]]);
    fc.assert(
      fc.property(markdown, (source) => {
        const { text, entities } = toTeamsText(source, { people });
        const tags = [...text.matchAll(/<\/?([a-z0-9]*)/g)].map(([, name]) => name);
        const known = 'p strong em strike code pre a br ul ol li blockquote at'.split(' ');
        expect(tags.filter((name) => !known.includes(name ?? ''))).toEqual([]);
        expect(text.match(/<at>/g)?.length ?? 0).toBe(entities.length);
        expect(entities.length).toBeLessThanOrEqual(source.split('](mention:').length - 1);
        for (const entity of entities) expect(text).toContain(entity.text);
      }),
      { numRuns: runs(500) },
    );
  });

  it('a text of a person stays the same after it is written and read again', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.constant('<br>'), fc.constant('<p>')), { maxLength: 20 }), (parts) => {
        const first = readHtml(parts.join(''));
        const second = readHtml(render(first));
        expect(readHtml(render(second))).toBe(second);
      }),
      { numRuns: runs(300) },
    );
  });
});

import { parseMarkdown, writeMarkdown } from '../../../../src/connectors/text/markdown.ts';
import { toContent } from '../../../../src/connectors/matrix/text/write.ts';
import { readContent } from '../../../../src/connectors/matrix/text/read.ts';
import { fc, runs } from '../../../support/property.ts';

const connection = 'acme';
/** The HTML of a text, or the text itself if it needs no HTML. */
const html = (markdown: string): string => {
  const content = toContent(markdown);
  return content?.formatted_body ?? content?.body ?? '';
};
const body = (markdown: string): string => toContent(markdown)?.body ?? '';
const read = (content: object): string => writeMarkdown(readContent(content, connection));
const readHtml = (formatted: string): string =>
  read({ msgtype: 'm.text', body: 'x', format: 'org.matrix.custom.html', formatted_body: formatted });
const around = (markdown: string): string => read(toContent(markdown) ?? {});

describe('Markdown written as HTML for Matrix', () => {
  it.each([
    ['plain text', 'plain text'],
    ['**_both_**', '<p><strong><em>both</em></strong></p>'],
    ['in**word**style', '<p>in<strong>word</strong>style</p>'],
    ['~~gone~~', '<p><del>gone</del></p>'],
    ['``a ` b <@U1>``', '<p><code>a ` b &#x3C;@U1></code></p>'],
    ['```ts\nconst a = "<b>";\n```', '<pre><code class="language-ts">const a = "&#x3C;b>";\n</code></pre>'],
    ['[x](<https://e.com/a|b>)', '<p><a href="https://e.com/a%7Cb">x</a></p>'],
    ['[x](https://e.com/a_\\(b\\))', '<p><a href="https://e.com/a_(b)">x</a></p>'],
    ['- a\n  - b\n    - c', '<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li></ul>'],
    ['1. a\n2. b', '<ol><li>a</li><li>b</li></ol>'],
    ['3. a', '<ol start="3"><li>a</li></ol>'],
    ['- [x] done\n- [ ] open', '<ul><li>☑ done</li><li>☐ open</li></ul>'],
    ['> quoted\n>\n> ```\n> code\n> ```', '<blockquote><p>quoted</p><pre><code>code\n</code></pre></blockquote>'],
    ['# head', '<h1>head</h1>'],
    ['a\\\nb', 'a\nb'],
    ['**a**\n**b**', '<p><strong>a</strong>\n<strong>b</strong></p>'],
    ['```\na>\n<b>\n```', '<pre><code>a>\n&#x3C;b>\n</code></pre>'],
    ['---\n\nx', '<hr><p>x</p>'],
    ['![a picture](https://e.com/p.png)', '<p><a href="https://e.com/p.png">a picture</a></p>'],
    ['![a picture][1]\n\n[1]: https://e.com/p.png', '<p><a href="https://e.com/p.png">a picture</a></p>'],
    ['&amp;lt; &amp;', '&lt; &'],
    ['👍🏽 👩‍👩‍👧 שלום', '👍🏽 👩‍👩‍👧 שלום'],
    ['a\r\nb', 'a\nb'],
  ])('Markdown %j is written as HTML that Matrix shows', (markdown, expected) => {
    expect(html(markdown)).toBe(expected);
  });

  it('a table is written as HTML with an aligned plain body', () => {
    const table = '| a | b |\n| - | - |\n| 1 | 2 |';
    expect(html(table)).toBe(
      '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>',
    );
    expect(body(table)).toBe('a | b\n--|--\n1 | 2');
  });

  it.each(['', ' \n ', '&#32;', '[1]: https://e.com'])(
    'Markdown %j, which shows nothing, gives no content',
    (markdown) => {
      expect(toContent(markdown)).toBeUndefined();
    },
  );
});

describe('text that looks like markup of Matrix', () => {
  const hostile = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<a href="https://matrix.to/#/@ben:sim.example">Ben</a>',
    '\\<b>x',
    '<mx-reply>x</mx-reply>',
    '&lt;b&gt;',
    '`</code><b>x`',
    '**<u>x</u>**',
    '<!channel> <@U1> @room',
  ];
  it.each(hostile)('text that looks like HTML or a mention is shown as text: %s', (text) => {
    const shown = html(`${text} **x**`);
    expect(shown).not.toMatch(/<(?!\/?(?:p|strong|code|br)>)/);
    expect(toContent(text)?.['m.mentions']).toEqual({});
  });

  it.each(['[x](javascript:alert\\(1\\))', '[x](data:text/html,hi)', '[x](mention:nonsense)', '[x](mxc://a/b)'])(
    'a link with an unsafe scheme gets no target: %s',
    (text) => {
      expect(html(text)).not.toContain('href');
    },
  );

  it('a mention of a person who is not known in Matrix notifies nobody', () => {
    const content = toContent('[@Ann](mention:acme/U1) and @ben:sim.example');
    expect(content).toMatchObject({ body: '@Ann and @ben:sim.example', 'm.mentions': {} });
  });

  it('a mention of a person who is known in Matrix notifies them under their known name', () => {
    const people = new Map([
      ['mention:acme/U1', { id: '@ann:sim.example', name: 'Ann <b>' }],
      ['mention:acme/U2', { id: 'not an id', name: 'Ben' }],
    ]);
    const content = toContent('[@x](mention:acme/U1) [@y](mention:acme/U2) [@all](mention:all)', { people });
    expect(content?.['m.mentions']).toEqual({ user_ids: ['@ann:sim.example'], room: true });
    expect(content?.formatted_body).toBe(
      '<p><a href="https://matrix.to/#/%40ann%3Asim.example">Ann &#x3C;b></a> @Ben @room</p>',
    );
    expect(content?.body).toBe('@Ann <b> @Ben @room');
  });
});

describe('messages of Matrix read as Markdown', () => {
  it.each([
    ['<b>a</b> <i>b</i> <del>c</del> <code>d</code>', '**a** _b_ ~~c~~ `d`'],
    ['<a href="https://matrix.to/#/@ann:e.com">Ann</a>', '[@Ann](mention:acme/%40ann%3Ae.com)'],
    ['<a href="https://matrix.to/#/%40ann%3Ae.com?via=e.com">@Ann</a>', '[@Ann](mention:acme/%40ann%3Ae.com)'],
    ['<a href="https://matrix.to/#/!room:e.com/$event">x</a>', '[x](https://matrix.to/#/!room:e.com/$event)'],
    ['<a href="https://matrix.to/#/%">x</a>', '[x](https://matrix.to/#/%)'],
    ['<a href="mention:all">x</a>', 'x'],
    ['<a href="javascript:alert(1)">x</a>', 'x'],
    ['<mx-reply><blockquote>old</blockquote></mx-reply>new', 'new'],
    ['<ul><li>a<ul><li>b</li></ul></li></ul>', '- a\n  - b'],
    ['<pre><code class="language-ts">a</code></pre>', '```ts\na\n```'],
    ['<img src="mxc://a/b" alt="x">text', 'text'],
    ['<span data-mx-color="#ff0000">red</span><script>x</script>', 'red'],
    ['one<br>two', 'one\\\ntwo'],
    ['*not bold*', '\\*not bold\\*'],
  ])('HTML of Matrix is read as Markdown: %s', (formatted, expected) => {
    expect(readHtml(formatted)).toBe(expected);
  });

  it.each([
    ['*no* markup', '\\*no\\* markup'],
    ['two\nlines', 'two\\\nlines'],
    ['see https://e.com/a?b=c.', 'see [https://e.com/a?b=c](https://e.com/a?b=c).'],
    ['<b>text</b>', '\\<b>text\\</b>'],
    ['[x](mention:all)', '\\[x]\\(mention:all)'],
  ])('the plain body %j is read as text without markup', (text, expected) => {
    expect(read({ msgtype: 'm.text', body: text })).toBe(expected);
  });

  it('HTML is read only if the message declares its format', () => {
    expect(read({ body: 'plain', formatted_body: '<b>x</b>' })).toBe('plain');
    expect(read({ body: 'plain', format: 'other', formatted_body: '<b>x</b>' })).toBe('plain');
  });
});

describe('arbitrary text for Matrix', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 60 });
  const marks = fc.string({
    unit: fc.constantFrom(
      '<',
      '>',
      '&',
      '*',
      '_',
      '`',
      '[',
      ']',
      '(',
      ')',
      '@',
      '#',
      '|',
      '\n',
      ' ',
      'a',
      '!',
      '~',
      '\\',
      ':',
    ),
    maxLength: 60,
  });
  const anything = fc.oneof(text, marks);

  it('arbitrary text creates no element that Matrix does not know, and notifies nobody', () => {
    const known =
      /^<\/?(?:a|blockquote|br|code|del|em|h[1-6]|hr|i|li|ol|p|pre|s|span|strong|table|tbody|td|th|thead|tr|u|ul)[\s>]/;
    fc.assert(
      fc.property(anything, (one) => {
        const content = toContent(one);
        expect(content?.['m.mentions'] ?? {}).toEqual({});
        for (const [tag] of (content?.formatted_body ?? '').matchAll(/<[^>]*>/g)) expect(tag).toMatch(known);
      }),
      { numRuns: runs(300) },
    );
  });

  it('arbitrary text in a plain body is read as text without markup or mentions', () => {
    fc.assert(
      fc.property(anything, (one) => {
        const tree = parseMarkdown(read({ msgtype: 'm.text', body: one }));
        const kinds = new Set(
          tree.children.flatMap((node) => ('children' in node ? node.children.map(({ type }) => type) : [])),
        );
        for (const { type } of tree.children) expect(type).toBe('paragraph');
        for (const kind of kinds) expect(['text', 'break']).toContain(kind);
      }),
      { numRuns: runs(300) },
    );
  });

  it('text that was read stays the same after it is written and read again', () => {
    fc.assert(
      fc.property(anything, (one) => {
        const once = around(one);
        expect(around(once)).toBe(once);
      }),
      { numRuns: runs(300) },
    );
  });

  it.each([
    ['<b><i>', 'x'],
    ['<a title="</a>">', 'x'],
    ['<div>', 'x'],
    ['<code><!-- </code> -->', 'x'],
    ['<b></b>', 'x'],
    ['<b><i> </i></b>', 'x'],
    ['<a href="https://e.com"></a>', 'x'],
  ])('HTML whose markup is too costly to parse is read as text: %s', (tags, inner) => {
    const hostile = Array.from({ length: 1_000 }, (_, index) => tags.replace('>', ` id=${index}>`)).join('') + inner;
    expect(readHtml(hostile + '<p>y'.repeat(1_000))).toMatch(/x/);
  });

  it('HTML is read without an error, however its elements are nested', () => {
    const tag = fc.constantFrom(
      '<b>',
      '</b>',
      '<ul>',
      '<li>',
      '<a href="https://matrix.to/#/@a:b">',
      '</a>',
      '<table>',
      '<td>',
      'x',
      '<p>',
    );
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 40 }), (tags) => {
        expect(typeof readHtml(tags.join(''))).toBe('string');
      }),
    );
  });
});

describe('a long text for Matrix', () => {
  const size = (markdown: string): number => Buffer.byteLength(JSON.stringify(toContent(markdown)));

  it.each([
    ['one word', 'x'.repeat(200_000)],
    ['a paragraph of 10 000 characters and more', 'word '.repeat(40_000)],
    ['bytes', '👩‍👩‍👧'.repeat(20_000)],
    ['code', `\`\`\`\n${'<&>"\\'.repeat(20_000)}\n\`\`\``],
    ['a list', '- **item** & more\n'.repeat(6_000)],
  ])('a long text of %s is cut between characters, ends with an ellipsis and stays valid HTML', (_, markdown) => {
    expect(size(markdown)).toBeLessThanOrEqual(60_000);
    const content = toContent(markdown);
    expect(content?.body).toContain('…');
    expect(content?.body.replaceAll('👩‍👩‍👧', '')).not.toMatch(/\u200D/);
    expect(content?.formatted_body ?? '>').toMatch(/>$/);
  });

  it('a text that fits into an event is not cut', () => {
    expect(body('x'.repeat(50_000))).toHaveLength(50_000);
  });
});

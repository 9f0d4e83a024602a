import { toMrkdwn } from '../../../../src/connectors/slack/text/write.ts';

/** Writes mrkdwn and makes zero-width spaces visible. */
const render = (markdown: string): string => toMrkdwn(markdown).replaceAll('\u200B', '¦');

describe('Markdown written as mrkdwn', () => {
  it.each([
    ['strong, emphasis, strikethrough', '**b** _i_ ~~s~~', '*b* _i_ ~s~'],
    ['nested styles', '***nested* bold**', '*_nested_ bold*'],
    ['the same style twice', '**a **b** c**', '*a b c*'],
    ['a style inside a word', 'in**word**style', 'in¦*word*¦style'],
    ['neighbouring styles', '**a**_b_', '*a*¦_b_'],
    ['a style over two lines', '**a\nb**', '*a*\n*b*'],
    ['code', 'run `rm -rf` now', 'run `rm -rf` now'],
    ['code with back-ticks and a mention', '``a`b <@U1>``', 'a`¦b &lt;@U1&gt;'],
    ['a fence, without its language', '```js\nx<@U1> & y\n```', '```\nx&lt;@U1&gt; &amp; y\n```'],
    ['a fence in a fence', '````\n```\n````', '```\n`¦`¦`\n```'],
    ['a link', '[docs](https://a.b/c?d=e&f=g)', '<https://a.b/c?d=e&amp;f=g|docs>'],
    ['a link with | and > in its URL', '[x](http://a.b/?q=a|b>c)', '<http://a.b/?q=a%7Cb%3Ec|x>'],
    ['a link with ) and a space in its URL', '[x](<http://a.b/(c) d>)', '<http://a.b/(c)%20d|x>'],
    ['a link by reference', '[r][1]\n\n[1]: http://z.z', '<http://z.z|r>'],
    ['a bare URL', 'see https://x.y/a_b_c', 'see <https://x.y/a_b_c>'],
    ['an e-mail address', '<a@b.co>', '<mailto:a@b.co|a@b.co>'],
    ['an image', '![alt](http://i/x.png)', '<http://i/x.png|alt>'],
    ['a heading', '# Head *i* **b**', '*Head _i_ b*'],
    ['lists of three levels', '- a\n  - b\n    - c\n- d', '• a\n    • b\n        • c\n• d'],
    ['a numbered list', '3. x\n4. y', '3. x\n4. y'],
    ['a task list', '- [x] done\n- [ ] open', '• ☑ done\n• ☐ open'],
    ['code in a list', '- a\n  ```\n  x\n    y\n  ```', '• a\n    ```\nx\n  y\n```'],
    ['a quote with code', '> quote\n> ```\n> code\n> ```', '> quote\n> \n> ```\n> code\n> ```'],
    ['a quote in a quote', '> a\n> > b', '> a\n> \n> b'],
    ['a table', '|a|bb|\n|-|-|\n|x<|**yy**|', '```\na  | bb\n---|---\nx&lt; | yy\n```'],
    ['breaks', 'a  \nb\\\nc', 'a\nb\nc'],
    ['a rule', 'a\n\n---\n\nb', 'a\n\n---\n\nb'],
    ['a footnote', 'a[^1]\n\n[^1]: note', 'a[1]\n\n[1] note'],
    ['emoji with joiners and skin tones', '👨‍👩‍👧‍👦 **b** 👍🏽 :fire:', '👨‍👩‍👧‍👦 *b* 👍🏽 :fire:'],
    ['text from right to left', 'مرحبا **بالعالم**', 'مرحبا *بالعالم*'],
    ['CRLF', 'a\r\nb\r\n\r\nc', 'a\nb\n\nc'],
    ['nothing', ' \n', ''],
  ])('Markdown is written as mrkdwn: %s', (_, markdown, expected) => {
    expect(render(markdown)).toBe(expected);
  });

  it.each([
    ['a mention of everybody', '<!channel> <!here> @channel', '&lt;!channel&gt; &lt;!here&gt; @channel'],
    ['mentions', '<@U123> <#C1|x> <!subteam^S1>', '&lt;@U123&gt; &lt;#C1|x&gt; &lt;!subteam^S1&gt;'],
    ['an escaped mention', '&lt;!channel&gt; \\<@U1>', '&lt;!channel&gt; &lt;@U1&gt;'],
    ['a date', '<!date^1392734382^{date}|x>', '&lt;!date^1392734382^{date}|x&gt;'],
    ['a mention as a link', '[x](!channel) [y](@U1) [z](#C1)', 'x (!channel) y (@U1) z (#C1)'],
    ['a script as a link', '[x](javascript:alert(1))', 'x (javascript:alert(1))'],
    ['a mention in a label', '[<!channel>](http://a.b)', '<http://a.b|&lt;!channel&gt;>'],
    ['a mention behind a link', '<https://a.b|<!channel>>', '&lt;<https://a.b%7C>&lt;!channel&gt;&gt;'],
    ['a literal entity', '&amp;amp;', '&amp;amp;'],
    ['formatting characters', '\\*no\\* \\_no\\_ \\~no\\~ \\`no\\`', '*¦no* _¦no_ ~¦no~ `¦no`¦'],
    ['names with underscores', 'db_host_name and 2\\*3\\*4', 'db_host_name and 2*3*4'],
    ['formatting characters inside the style that they would end', '**a b\\* c_d\\*e**', '*a b¦*¦ c_d*e*'],
    ['a quote sign', '\\> no quote', '¦&gt; no quote'],
    ['HTML', '<b>x</b>', '&lt;b&gt;x&lt;/b&gt;'],
    ['an HTML block', '<div>\n> q\n</div>', '&lt;div&gt;\n¦&gt; q\n&lt;/div&gt;'],
  ])('text that looks like mrkdwn is shown as text: %s', (_, markdown, expected) => {
    expect(render(markdown)).toBe(expected);
  });

  it('mrkdwn contains no raw angle bracket except in links with known schemes', () => {
    const parts = [
      '<',
      '>',
      '!channel',
      '@U1',
      '|',
      '[',
      ']',
      '(',
      ')',
      '`',
      '```\n',
      '\n',
      '> ',
      '*',
      '\\',
      'http://a.b',
      '&lt;',
    ];
    let seed = 1;
    const next = (): number => (seed = (seed * 48_271) % 2_147_483_647);
    for (let round = 0; round < 2_000; round += 1) {
      const markdown = Array.from({ length: 12 }, () => parts[next() % parts.length]).join('');
      const rest = toMrkdwn(markdown)
        .replaceAll(/<(?:https?:\/\/|mailto:|tel:)[^<>|\s]*(?:\|[^<>\n]*)?>/g, '')
        .replaceAll(/^> /gm, '');
      expect({ markdown, rest }).toEqual({ markdown, rest: expect.not.stringMatching(/[<>]/) });
    }
  });
});

describe('a long text for Slack', () => {
  const limit = 40_000;

  it('a text up to the limit is not cut', () => {
    const text = 'x'.repeat(limit);
    expect(toMrkdwn(text)).toBe(text);
  });

  it.each([
    ['words', 'word '.repeat(20_000)],
    ['emoji', '👨‍👩‍👧‍👦'.repeat(5_000)],
    ['entities', '&'.repeat(43_000)],
    ['links', '[label](https://example.com/path) '.repeat(2_000)],
    ['much longer than the limit', 'a\n\n'.repeat(200_000)],
  ])('a long text of %s is cut between characters and ends with an ellipsis', (_, markdown) => {
    const text = toMrkdwn(markdown);
    expect(text.length).toBeLessThanOrEqual(limit);
    expect(text.length).toBeGreaterThan(limit - 200);
    expect(text).toMatch(/(?:word|👨‍👩‍👧‍👦|&amp;|label>|a)\s*…$/u);
  });

  it('a code block that is cut is closed', () => {
    const text = toMrkdwn(`\`\`\`\n${'line of code\n'.repeat(4_000)}\`\`\``);
    expect(text.length).toBeLessThanOrEqual(limit);
    expect(text).toMatch(/…\n```$/);
  });
});

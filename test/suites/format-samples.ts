/** One message in the native form of each platform, and what it says. */
export interface Sample {
  readonly what: string;
  /** What the message says, in Markdown. */
  readonly says: string;
  /**
   * Native messages by the name of the platform. A native with a `says` of its own is for a platform that cannot say
   * all of it.
   */
  readonly natives: Readonly<Record<string, object | { readonly native: object; readonly says: string }>>;
}

const rich = (...elements: object[]): object => ({ blocks: [{ type: 'rich_text', elements }] });
const section = (...elements: object[]): object => ({ type: 'rich_text_section', elements });
const run = (text: string, style?: object): object => ({ type: 'text', text, ...(style && { style }) });
export const html = (content: string, mentions: object[] = []): object => ({
  attachments: [{ contentType: 'text/html', content }],
  entities: mentions,
});
export const page = (formatted_body: string): object => ({
  msgtype: 'm.text',
  format: 'org.matrix.custom.html',
  formatted_body,
  body: '',
});
export const formatted = (formattedText: string, annotations: object[] = []): object => ({
  text: '',
  formattedText,
  annotations,
});
export const ranged = (message: string, rich_text: object[] = [], at_items: object[] = []): object => ({
  message,
  rich_text,
  at_items,
});
export const range = (
  start_position: number,
  end_position: number,
  format_type: string,
  format_attr?: string,
): object => ({
  start_position,
  end_position,
  format_type,
  ...(format_attr && { format_attr }),
});
/** The same HTML for the three platforms that send HTML. */
const asHtml = (content: string): Record<string, object> => ({
  msteams: html(content),
  webex: { html: content },
  matrix: page(content),
});
const asText = (text: string, slack = text, inHtml = slack): Record<string, object> => ({
  ...asHtml(inHtml),
  slack: { text: slack },
  'google-chat': formatted(text),
  zoom: ranged(text),
});
const long = 'word '.repeat(2_000).trim();
const list = (indent: number, ...items: string[]): object => ({
  type: 'rich_text_list',
  style: 'bullet',
  indent,
  elements: items.map((item) => section(run(item))),
});

/** Formats that get lost easily between platforms. The suite sends each sample from each platform to each other one. */
export const samples: readonly Sample[] = [
  {
    what: 'nested styles',
    says: '**a _b_ c**',
    natives: {
      ...asHtml('<p><strong>a <em>b</em> c</strong></p>'),
      slack: rich(
        section(run('a ', { bold: true }), run('b', { bold: true, italic: true }), run(' c', { bold: true })),
      ),
      'google-chat': formatted('*a _b_ c*'),
      zoom: ranged('a b c', [range(0, 5, 'Bold'), range(2, 3, 'Italic')]),
    },
  },
  {
    what: 'a style inside a word, and struck text',
    says: 'in**word**style ~~no~~',
    natives: {
      ...asHtml('<p>in<b>word</b>style <del>no</del></p>'),
      webex: { native: { html: '<p>in<b>word</b>style no</p>' }, says: 'in**word**style no' },
      slack: rich(section(run('in'), run('word', { bold: true }), run('style '), run('no', { strike: true }))),
      'google-chat': formatted('in\u200B*word*\u200Bstyle ~no~'),
      zoom: ranged('inwordstyle no', [range(2, 6, 'Bold'), range(12, 14, 'Strikethrough')]),
    },
  },
  {
    what: 'code with back-ticks and a mention',
    says: 'run `` a`b <@U1> `` now',
    natives: {
      ...asHtml('<p>run <code>a`b &lt;@U1&gt;</code> now</p>'),
      slack: rich(section(run('run '), run('a`b <@U1>', { code: true }), run(' now'))),
      'google-chat': { native: formatted('run `a <@U1>` now'), says: 'run `a <@U1>` now' },
      zoom: { native: ranged('run a`b <@U1> now'), says: 'run a\\`b \\<@U1> now' },
    },
  },
  {
    what: 'a link with |, > and ) in its address',
    says: 'see [docs](<https://a.b/(c)?q=a|b%3Ec>)',
    natives: {
      ...asHtml('<p>see <a href="https://a.b/(c)?q=a|b%3Ec">docs</a></p>'),
      slack: rich(section(run('see '), { type: 'link', url: 'https://a.b/(c)?q=a|b%3Ec', text: 'docs' })),
      'google-chat': formatted('see <https://a.b/(c)?q=a%7Cb%3Ec|docs>'),
      zoom: ranged('see docs', [range(4, 8, 'AddLink', 'https://a.b/(c)?q=a|b%3Ec')]),
    },
  },
  {
    what: 'lists of three levels',
    says: '- a\n  - b\n    - c\n- d',
    natives: {
      ...asHtml('<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ul>'),
      slack: rich(list(0, 'a'), list(1, 'b'), list(2, 'c'), list(0, 'd')),
      'google-chat': { native: formatted('* a\n* d'), says: '- a\n- d' },
      zoom: ranged('a\n    b\n        c\nd', [range(0, 19, 'BulletedList')]),
    },
  },
  {
    what: 'a numbered list',
    says: '1. a\n2. b',
    natives: {
      ...asHtml('<ol><li>a</li><li>b</li></ol>'),
      slack: rich({ type: 'rich_text_list', style: 'ordered', elements: [section(run('a')), section(run('b'))] }),
      'google-chat': { native: formatted('1. a\n2. b'), says: '1\\. a\\\n2\\. b' },
      zoom: ranged('a\nb', [range(0, 3, 'NumberedList')]),
    },
  },
  {
    what: 'a quote with code',
    says: '> quote\n>\n> ```\n> code <@U1>\n>   more\n> ```',
    natives: {
      ...asHtml('<blockquote><p>quote</p><pre><code>code &lt;@U1&gt;\n  more</code></pre></blockquote>'),
      slack: { text: '&gt; quote\n&gt; ```\n&gt; code &lt;@U1&gt;\n&gt;   more\n&gt; ```' },
      'google-chat': {
        native: formatted('> quote\n\n```\ncode <\u200B@U1>\n  more\n```'),
        says: '\\> quote\n\n```\ncode <@U1>\n  more\n```',
      },
      zoom: { native: ranged('quote\n\ncode <@U1>', [range(0, 17, 'Quote')]), says: '> quote\n>\n> code \\<@U1>' },
    },
  },
  {
    what: 'a heading, a rule, and code with its language',
    says: '#### Head _i_\n\n---\n\n```js\nx < 1 && y\n```',
    natives: {
      matrix: page('<h4>Head <i>i</i></h4><hr><pre><code class="language-js">x &lt; 1 &amp;&amp; y\n</code></pre>'),
      zoom: { native: ranged('Head i', [range(0, 6, 'Paragraph', 'h3'), range(5, 6, 'Italic')]), says: '### Head _i_' },
    },
  },
  {
    what: 'a table',
    says: '| a | bb |\n| - | -- |\n| x< | **yy** |',
    natives: {
      ...asHtml(
        '<table><thead><tr><th>a</th><th>bb</th></tr></thead><tbody><tr><td>x&lt;</td><td><b>yy</b></td></tr></tbody></table>',
      ),
      slack: {
        blocks: [
          {
            type: 'table',
            rows: [
              [
                { type: 'raw_text', text: 'a' },
                { type: 'raw_text', text: 'bb' },
              ],
              [
                { type: 'raw_text', text: 'x<' },
                { type: 'rich_text', elements: [section(run('yy', { bold: true }))] },
              ],
            ],
          },
        ],
      },
    },
  },
  { what: 'a paragraph of 10 000 characters', says: long, natives: asText(long) },
  {
    what: 'emoji with skin tone and joiners',
    says: 'hi 👍🏽 👨‍👩‍👧‍👦',
    natives: {
      ...asText('hi 👍🏽 👨‍👩‍👧‍👦'),
      slack: rich(
        section(run('hi '), { type: 'emoji', name: '+1', unicode: '1f44d-1f3fd' }, run(' '), {
          type: 'emoji',
          name: 'family',
          unicode: '1f468-200d-1f469-200d-1f467-200d-1f466',
        }),
      ),
    },
  },
  {
    what: 'text from right to left',
    says: 'مرحبا **بالعالم**',
    natives: {
      ...asHtml('<p>مرحبا <b>بالعالم</b></p>'),
      slack: { text: 'مرحبا *بالعالم*' },
      'google-chat': formatted('مرحبا *بالعالم*'),
      zoom: ranged('مرحبا بالعالم', [range(6, 13, 'Bold')]),
    },
  },
  { what: 'CRLF', says: 'a\\\nb\n\nc', natives: asText('a\r\nb\r\n\r\nc', undefined, '<p>a<br>\r\nb</p>\r\n<p>c</p>') },
  { what: 'a literal entity', says: '\\&amp; \\&lt;', natives: asText('&amp; &lt;', '&amp;amp; &amp;lt;') },
  {
    what: 'a literal mention of a channel',
    says: '\\<!channel> @room',
    natives: asText('<!channel> @room', '&lt;!channel&gt; @room'),
  },
  {
    what: 'somebody who is known, somebody who is not, and everybody',
    says: '[@Ben](mention:acme/BEN) [@Eve](mention:acme/EVE)',
    natives: {
      slack: {
        native: { text: '<@U0BEN> <@U0EVE> <!here>' },
        says: '[@Ben](mention:acme/BEN) [@U0EVE](mention:acme/EVE) [@here](mention:all)',
      },
      msteams: html('<at id="0">Ben</at> <at id="1">Eve</at>', [
        { type: 'mention', text: '<at>Ben</at>', mentioned: { id: '29:ben', name: 'Ben' } },
        { type: 'mention', text: '<at>Eve</at>', mentioned: { id: '29:eve', name: 'Eve' } },
      ]),
      webex: {
        html: '<spark-mention data-object-type="person" data-object-id="UF9">Ben</spark-mention> <spark-mention data-object-type="person" data-object-id="UE">Eve</spark-mention>',
      },
      'google-chat': {
        native: formatted('<users/102> <users/103> <users/all>'),
        says: '[@Ben](mention:acme/BEN) [@users/103](mention:acme/EVE) [@all](mention:all)',
      },
      zoom: {
        native: ranged(
          '@Ben @Eve @all',
          [],
          [
            { at_type: 1, at_contact: 'ben@example.com', start_position: 0, end_position: 3 },
            { at_type: 1, at_contact: 'eve', start_position: 5, end_position: 8 },
            { at_type: 2, start_position: 10, end_position: 13 },
          ],
        ),
        says: '[@Ben](mention:acme/BEN) [@Eve](mention:acme/EVE) [@all](mention:all)',
      },
      matrix: page(
        '<a href="https://matrix.to/#/@ben:sim.example">Ben</a> <a href="https://matrix.to/#/@eve:sim.example">Eve</a>',
      ),
    },
  },
  {
    what: 'nothing but a file',
    says: '',
    natives: {
      slack: { text: '', files: [{ id: 'F1' }] },
      msteams: { attachments: [{ contentType: 'application/vnd.microsoft.teams.file.download.info', content: {} }] },
      webex: { files: ['https://webexapis.com/v1/contents/1'] },
      'google-chat': { attachment: [{ contentName: 'a.png' }] },
      zoom: { message: '', files: [{ file_id: '1' }] },
      matrix: page(''),
    },
  },
];

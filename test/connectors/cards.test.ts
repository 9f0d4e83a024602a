import { parseMarkdown, writeMarkdown } from '../../src/connectors/dialect/markdown.ts';
import { mentionsIn } from '../../src/connectors/dialect/mention.ts';
import { readMessage as readChat } from '../../src/connectors/google-chat/parse.ts';
import { readActivityText } from '../../src/connectors/msteams/parse.ts';
import { readMessage as readSlack } from '../../src/connectors/slack/parse.ts';
import { readMessage as readWebex } from '../../src/connectors/webex/parse.ts';
import { fc, runs } from '../support/property.ts';

const adaptive = 'application/vnd.microsoft.card.adaptive';
const slack = (message: object): string => writeMarkdown(readSlack(message, 'acme'));
const teams = (activity: object): string =>
  writeMarkdown(readActivityText(activity, { connection: 'acme', bot: '28:bot' }));
const webex = (message: object): string => writeMarkdown(readWebex(message, 'acme'));
const chat = (message: object): string => writeMarkdown(readChat(message, 'acme'));

describe('Block Kit', () => {
  it('is read as what it shows', () => {
    const blocks = [
      { type: 'header', text: { type: 'plain_text', text: 'New request', emoji: true } },
      {
        type: 'section',
        text: { type: 'mrkdwn', text: '*Fred* asks <@U0BEN> about <https://a.b|the *plan*>' },
        accessory: { type: 'image', image_url: 'https://a.b/cat.png', alt_text: 'cute cat' },
      },
      {
        type: 'section',
        fields: [
          { type: 'mrkdwn', text: '*Type:*\nPaid time off' },
          { type: 'plain_text', text: 'When: *soon*' },
        ],
      },
      { type: 'divider' },
      { type: 'image', slack_file: { id: 'F1' }, alt_text: 'a chart' },
      {
        type: 'context',
        elements: [
          { type: 'mrkdwn', text: 'by _HR_' },
          { type: 'plain_text', text: 'today' },
        ],
      },
      {
        type: 'actions',
        elements: [
          { type: 'button', text: { type: 'plain_text', text: 'Approve' }, value: 'ok' },
          { type: 'button', text: { type: 'plain_text', text: 'Open' }, url: 'https://a.b/1' },
          { type: 'static_select', placeholder: { type: 'plain_text', text: 'Pick one' } },
        ],
      },
      { type: 'video', title: { type: 'plain_text', text: 'Demo' }, title_url: 'https://a.b/v', alt_text: 'x' },
      { type: 'input', label: { type: 'plain_text', text: 'Why' }, element: { type: 'plain_text_input' } },
      {
        type: 'table',
        rows: [
          [
            { type: 'raw_text', text: 'Host' },
            { type: 'raw_text', text: 'State' },
          ],
          [
            { type: 'raw_text', text: 'db|1' },
            {
              type: 'rich_text',
              elements: [
                { type: 'rich_text_section', elements: [{ type: 'text', text: 'down', style: { bold: true } }] },
              ],
            },
          ],
        ],
      },
      { type: 'yet_to_come', text: 'x' },
    ];
    expect(slack({ text: 'New request', blocks })).toBe(
      [
        '### New request',
        '**Fred** asks [@U0BEN](mention:acme/U0BEN) about [the \\*plan\\*](https://a.b)',
        '[cute cat](https://a.b/cat.png)',
        '**Type:**\\\nPaid time off',
        'When: \\*soon\\*',
        '---',
        '\\[image: a chart]',
        'by _HR_',
        'today',
        '\\[Approve] · [Open](https://a.b/1) · \\[Pick one]',
        '[Demo](https://a.b/v)',
        '\\[input: Why]',
        '| Host  | State    |\n| ----- | -------- |\n| db\\|1 | **down** |',
      ].join('\n\n'),
    );
  });

  it('gives way to the text where none of it can be read', () => {
    expect(slack({ text: 'fallback', blocks: [{ type: 'yet_to_come' }, null, 7, { type: 'section' }] })).toBe(
      'fallback',
    );
  });
});

describe('attachments of Slack', () => {
  const attachment = {
    fallback: 'not this',
    color: '#36a64f',
    pretext: 'Deployed by <@U0BEN>',
    author_name: 'CI & CD',
    author_link: 'https://ci.example',
    title: 'Build &lt;7&gt;',
    title_link: 'https://ci.example/7',
    text: 'All *green*',
    fields: [
      { title: 'Branch', value: '`main`', short: true },
      { title: 'Took', value: '3 min' },
    ],
    image_url: 'https://ci.example/graph.png',
    actions: [{ type: 'button', text: 'Roll back', name: 'x' }],
    footer: 'CI',
    ts: 1,
  };
  it('are read where a message has no text', () => {
    expect(slack({ text: '', attachments: [attachment] })).toBe(
      [
        'Deployed by [@U0BEN](mention:acme/U0BEN)',
        '[CI & CD](https://ci.example)',
        '**[Build <7>](https://ci.example/7)**',
        'All **green**',
        '**Branch:** `main`\\\n**Took:** 3 min',
        '[image](https://ci.example/graph.png)',
        '\\[Roll back]',
        'CI',
      ].join('\n\n'),
    );
    expect(slack({ text: 'see https\u200B', attachments: [attachment] })).toBe('see https');
  });

  it('show the message that was shared', () => {
    const rich = {
      type: 'rich_text',
      elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'hi' }] }],
    };
    const shared = {
      is_share: true,
      fallback: '[x] hi',
      message_blocks: [{ team: 'T1', message: { blocks: [rich] } }],
    };
    expect(slack({ attachments: [shared] })).toBe('hi');
    expect(slack({ attachments: [{ fallback: 'only &lt;this&gt;' }] })).toBe('only <this>'.replace('<', '\\<'));
  });
});

const card = {
  type: 'AdaptiveCard',
  version: '1.4',
  fallbackText: 'not this',
  body: [
    { type: 'TextBlock', text: 'Incident 42', weight: 'Bolder', size: 'Large' },
    { type: 'TextBlock', text: 'Storage', style: 'heading' },
    { type: 'TextBlock', text: 'Owner **<at>Ann</at>**, see [log](https://a.b/log) and [x](mention:all) <b>y</b>' },
    {
      type: 'ColumnSet',
      columns: [
        { type: 'Column', items: [{ type: 'Image', url: 'https://a.b/i.png', altText: 'graph' }] },
        {
          type: 'Column',
          items: [
            { type: 'TextBlock', text: 'right' },
            { type: 'TextBlock', text: 'no', isVisible: false },
          ],
        },
      ],
    },
    {
      type: 'FactSet',
      facts: [
        { title: 'Host', value: 'db-3' },
        { title: 'State', value: '_down_' },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        'plain *text* ',
        { type: 'TextRun', text: 'struck', strikethrough: true },
        { type: 'TextRun', text: 'go', selectAction: { type: 'Action.OpenUrl', url: 'https://a.b' } },
      ],
    },
    { type: 'Media', sources: [{ url: 'https://a.b/v.mp4' }], altText: 'a film' },
    { type: 'Input.Text', id: 'c', label: 'Comment' },
    {
      type: 'Table',
      rows: ['Name', 'db'].map((one) => ({
        type: 'TableRow',
        cells: [
          { type: 'TableCell', items: [{ type: 'TextBlock', text: one }] },
          { type: 'TableCell', items: [] },
        ],
      })),
    },
    { type: 'Badge', text: 'new' },
    { type: 'Chart.Pie', fallback: { type: 'TextBlock', text: 'a pie' } },
    { type: 'ActionSet', actions: [{ type: 'Action.OpenUrl', title: 'Runbook', url: 'https://a.b/r' }] },
  ],
  actions: [
    { type: 'Action.Submit', title: 'Acknowledge' },
    { type: 'Action.OpenUrl', title: 'Bad', url: 'javascript:alert(1)' },
  ],
};
const shown = [
  '**Incident 42**',
  '### Storage',
  'Owner **@Ann**, see [log](https://a.b/log) and x \\<b>y\\</b>',
  '[graph](https://a.b/i.png)',
  'right',
  '**Host:** db-3\\\n**State:** _down_',
  'plain \\*text\\* ~~struck~~[go](https://a.b)',
  '\\[media: a film]',
  '\\[input: Comment]',
  '| Name |   |\n| ---- | - |\n| db   |   |',
  '\\[Badge: new]',
  'a pie',
  '[Runbook](https://a.b/r)',
  '\\[Acknowledge] · \\[Bad]',
].join('\n\n');

describe('Adaptive Cards', () => {
  it('are read as what they show, on Teams where there is no text', () => {
    const attachments = [{ contentType: adaptive, content: card }];
    expect(teams({ attachments })).toBe(shown);
    const html = { contentType: 'text/html', content: '<attachment id="1"></attachment>' };
    expect(teams({ text: '', attachments: [html, ...attachments] })).toBe(shown);
    expect(teams({ text: 'said', attachments })).toBe('said');
  });

  it('are read on Webex in place of the text, which is for clients that show no cards', () => {
    expect(webex({ text: 'no cards here', attachments: [{ contentType: adaptive, content: card }] })).toBe(shown);
    expect(webex({ text: 'no cards here', attachments: [{ contentType: adaptive, content: {} }] })).toBe(
      'no cards here',
    );
  });

  it('that cannot be read show their fallback', () => {
    const content = {
      type: 'AdaptiveCard',
      body: [null, 7, { type: 'Container' }],
      fallbackText: 'Update *your* client',
    };
    expect(teams({ attachments: [{ contentType: adaptive, content }] })).toBe('Update \\*your\\* client');
  });
});

it('a hero card of Teams is read as what it shows', () => {
  const content = {
    title: 'Seattle',
    subtitle: 'Landmark',
    text: 'The <b>Needle</b><br>is <i>tall</i>',
    images: [{ url: 'https://a.b/n.png', alt: 'needle' }],
    buttons: [
      { type: 'openUrl', title: 'More', value: 'https://a.b' },
      { type: 'imBack', title: 'Hi', value: 'hi' },
    ],
  };
  expect(teams({ attachments: [{ contentType: 'application/vnd.microsoft.card.hero', content }] })).toBe(
    '### Seattle\n\nLandmark\n\nThe **Needle**\\\nis _tall_\n\n[needle](https://a.b/n.png)\n\n[More](https://a.b) · \\[Hi]',
  );
});

describe('cards of Google Chat', () => {
  const sections = [
    {
      header: 'Contact <b>info</b>',
      widgets: [
        { decoratedText: { startIcon: { knownIcon: 'EMAIL' }, topLabel: 'E-mail', text: 'sasha@example.com' } },
        { decoratedText: { text: '<font color="#80e27e">Online</font>', bottomLabel: 'since 9' } },
        {
          keyValue: {
            topLabel: 'Order',
            content: '12345',
            button: { textButton: { text: 'SHOW', onClick: { openLink: { url: 'https://a.b/o' } } } },
          },
        },
        { textParagraph: { text: '<b>one</b>\n<a href="https://a.b">two</a> <a href="mention:all">x</a> *no*' } },
        { textParagraph: { text: '**md**', textSyntax: 'MARKDOWN' } },
        { image: { imageUrl: 'https://a.b/i.png', altText: 'map' } },
        { divider: {} },
        {
          columns: {
            columnItems: [
              { widgets: [{ textParagraph: { text: 'left' } }] },
              { widgets: [{ textParagraph: { text: 'right' } }] },
            ],
          },
        },
        { grid: { title: 'Grid', items: [{ title: 'a', subtitle: 'b' }, { image: { altText: 'c' } }] } },
        { textInput: { name: 'n', label: 'Name' } },
        {
          buttonList: {
            buttons: [
              { text: 'Share', onClick: { openLink: { url: 'https://a.b/s' } } },
              { text: 'Edit', onClick: { action: { function: 'edit' } } },
              { icon: { altText: 'bell' }, onClick: {} },
            ],
          },
        },
      ],
    },
  ];
  const cardsV2 = [{ cardId: 'c', card: { header: { title: 'Sasha', subtitle: 'Engineer' }, sections } }];
  const expected = [
    '### Sasha',
    'Engineer',
    '**Contact info**',
    '**E-mail:** sasha\\@example.com',
    'Online',
    'since 9',
    '**Order:** 12345',
    '[SHOW](https://a.b/o)',
    '**one**\\\n[two](https://a.b) x \\*no\\*',
    '**md**',
    '[map](https://a.b/i.png)',
    '---',
    'left',
    'right',
    '**Grid**',
    '**a:** b\\\n**c**',
    '\\[input: Name]',
    '[Share](https://a.b/s) · \\[Edit] · \\[bell]',
  ].join('\n\n');

  it('are read as what they show, where there is no text', () => {
    expect(chat({ cardsV2 })).toBe(expected);
    expect(chat({ cards: [{ header: { title: 'Sasha', subtitle: 'Engineer' }, sections }] })).toBe(expected);
    expect(chat({ text: 'said', cardsV2 })).toBe('said');
  });

  it('that cannot be read show what the app says instead', () => {
    expect(
      chat({
        cardsV2: [null, { card: 7 }, { card: { sections: [{ widgets: [null, 'x', { other: 1 }] }] } }],
        fallbackText: 'a *card*',
      }),
    ).toBe('a \\*card\\*');
  });
});

describe('any card', () => {
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

  it('is read without a fault, and mentions nobody by its text', () => {
    fc.assert(
      fc.property(value, (one) => {
        for (const [index, read] of readers.entries()) {
          const mentions = mentionsIn(parseMarkdown(read(one)));
          // `<!here>` is Slack's own way to mention all.
          expect(mentions.filter(({ mention }) => index > 1 || mention.kind !== 'all')).toEqual([]);
        }
      }),
      { numRuns: runs(500) },
    );
  });

  it('that is nested without end, or long without end, is cut', () => {
    let deep: object = { type: 'TextBlock', text: 'x' };
    for (let level = 0; level < 10_000; level += 1)
      deep = { type: 'Container', items: [deep], columns: { widgets: [deep] }, elements: [deep], blocks: [deep] };
    const wide = {
      type: 'Container',
      items: Array.from({ length: 50_000 }, () => ({ type: 'TextBlock', text: 'x'.repeat(20) })),
    };
    const widgets = wide.items.map(({ text }) => ({ textParagraph: { text } }));
    for (const read of readers) expect(read(deep).length).toBeLessThan(1_000);
    for (const one of [wide, { sections: [{ widgets }] }, { text: 'x'.repeat(1_000_000) }])
      for (const read of readers) expect(read(one).length).toBeLessThan(50_000);
  });
});

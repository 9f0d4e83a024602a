import { writeMarkdown } from '../../../src/connectors/text/markdown.ts';
import { readActivityText } from '../../../src/connectors/msteams/text/read.ts';
import { readMessage as readSlack } from '../../../src/connectors/slack/text/read.ts';
import { readMessage as readWebex } from '../../../src/connectors/webex/text/read.ts';

const adaptive = 'application/vnd.microsoft.card.adaptive';
const slack = (message: object): string => writeMarkdown(readSlack(message, 'acme'));
const teams = (activity: object): string =>
  writeMarkdown(readActivityText(activity, { connection: 'acme', bot: '28:bot' }));
const webex = (message: object): string => writeMarkdown(readWebex(message, 'acme'));

describe('Block Kit', () => {
  it('the blocks of a Slack message are read with all that they show', () => {
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

  it('the text of a Slack message is read if none of its blocks can be', () => {
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
  it('the attachments of a Slack message without text are read', () => {
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

  it('the attachment of a shared message shows that message', () => {
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
  it('an Adaptive Card on Teams is read with all that it shows if the message has no text', () => {
    const attachments = [{ contentType: adaptive, content: card }];
    expect(teams({ attachments })).toBe(shown);
    const html = { contentType: 'text/html', content: '<attachment id="1"></attachment>' };
    expect(teams({ text: '', attachments: [html, ...attachments] })).toBe(shown);
    expect(teams({ text: 'said', attachments })).toBe('said');
  });

  it('an Adaptive Card on Webex is read in place of the text, which is for clients that show no cards', () => {
    expect(webex({ text: 'no cards here', attachments: [{ contentType: adaptive, content: card }] })).toBe(shown);
    expect(webex({ text: 'no cards here', attachments: [{ contentType: adaptive, content: {} }] })).toBe(
      'no cards here',
    );
  });

  it('an Adaptive Card that cannot be read shows its fallback text', () => {
    const content = {
      type: 'AdaptiveCard',
      body: [null, 7, { type: 'Container' }],
      fallbackText: 'Update *your* client',
    };
    expect(teams({ attachments: [{ contentType: adaptive, content }] })).toBe('Update \\*your\\* client');
  });
});

it('a hero card of Teams is read with all that it shows', () => {
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

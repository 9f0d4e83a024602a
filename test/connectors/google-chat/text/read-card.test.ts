import { writeMarkdown } from '../../../../src/connectors/text/markdown.ts';
import { readMessage } from '../../../../src/connectors/google-chat/text/read.ts';

const chat = (message: object): string => writeMarkdown(readMessage(message, 'acme'));

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

  it('the cards of a message without text are read with all that they show', () => {
    expect(chat({ cardsV2 })).toBe(expected);
    expect(chat({ cards: [{ header: { title: 'Sasha', subtitle: 'Engineer' }, sections }] })).toBe(expected);
    expect(chat({ text: 'said', cardsV2 })).toBe('said');
  });

  it('a card that cannot be read is replaced by the fallback text of the app', () => {
    expect(
      chat({
        cardsV2: [null, { card: 7 }, { card: { sections: [{ widgets: [null, 'x', { other: 1 }] }] } }],
        fallbackText: 'a *card*',
      }),
    ).toBe('a \\*card\\*');
  });
});

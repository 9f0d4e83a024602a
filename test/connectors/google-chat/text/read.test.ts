import { writeMarkdown } from '../../../../src/connectors/text/markdown.ts';
import { readMessage } from '../../../../src/connectors/google-chat/text/read.ts';

const read = (formattedText: string): string => writeMarkdown(readMessage({ formattedText }, 'acme'));

describe('text of Google Chat read as Markdown', () => {
  it.each([
    ['styles', '*b* _i_ ~s~ `c`', '**b** _i_ ~~s~~ `c`'],
    ['nested styles', '*a _b_ c*', '**a _b_ c**'],
    ['no style inside of a word', 'a*b*c db_host_name', 'a\\*b\\*c db_host_name'],
    ['what we broke as text', '*\u200Bno* `\u200Bx`\u200B <\u200Busers/1>', '\\*no\\* \\`x\\` \\<users/1>'],
    ['a link', 'see <https://a.b/c|docs>', 'see [docs](https://a.b/c)'],
    ['a link without a label', '<https://a.b>', '[https://a.b](https://a.b)'],
    ['no link that runs code', '<javascript:alert(1)|x>', '\\<javascript:alert(1)|x>'],
    ['a mention', 'hi <users/102>', 'hi [@users/102](mention:acme/users%2F102)'],
    ['everybody', '<users/all>', '[@all](mention:all)'],
    ['code with lines', '```\nif (a < b)\n  *x*\n```', '```\nif (a < b)\n  *x*\n```'],
    ['a fence that is never closed', '``` a', '\\`\\`\\` a'],
    ['bullets', 'a\n* b\n- c\nd', 'a\n\n- b\n- c\n\nd'],
    ['lines and paragraphs', 'a\nb\n\nc', 'a\\\nb\n\nc'],
    [
      'what is Markdown only to us',
      '# a\n[x](mention:all) ![y](http://z)',
      '\\# a\\\n\\[x]\\(mention:all) !\\[y]\\(http\\://z)',
    ],
    ['HTML', '<b>x</b>', '\\<b>x\\</b>'],
    ['nothing', '', ''],
  ])('text of Google Chat is read as Markdown: %s', (_, text, expected) => {
    expect(read(text)).toBe(expected);
  });

  const mention = (startIndex: number, length: number, user: object) => ({
    type: 'USER_MENTION',
    startIndex,
    length,
    userMention: { user },
  });
  const ben = { name: 'users/102', displayName: 'Ben Baker', type: 'HUMAN' };
  const app = { name: 'users/900', displayName: 'Carillon', type: 'BOT' };

  it('a mention of a person keeps the name, and a mention of an app becomes text', () => {
    const annotations = [mention(10, 10, ben), mention(0, 9, app)];
    const text = '@Carillon @Ben Baker *x*';
    const expected = '@Carillon [@Ben Baker](mention:acme/users%2F102) ';
    const formattedText = '<users/900> <users/102> *x*';
    expect(writeMarkdown(readMessage({ text, formattedText, annotations }, 'acme'))).toBe(`${expected}**x**`);
    expect(writeMarkdown(readMessage({ text, annotations }, 'acme'))).toBe(`${expected}\\*x\\*`);
  });

  it('an annotation whose position is invalid is ignored', () => {
    const annotations = [
      mention(90, 3, ben),
      mention(-5, 3, ben),
      mention(1, 0.5, ben),
      { type: 'USER_MENTION' },
      null,
    ];
    expect(writeMarkdown(readMessage({ text: 'a\u00000\u0000b', annotations }, 'acme'))).toBe('a0b');
  });
});

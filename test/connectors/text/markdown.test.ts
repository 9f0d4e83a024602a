import type { PhrasingContent, Root } from 'mdast';
import { readHtml } from '../../../src/connectors/text/html.ts';
import { parseMarkdown, writeMarkdown } from '../../../src/connectors/text/markdown.ts';
import { plainText } from '../../../src/connectors/text/plain.ts';
import { readMessage as readChat } from '../../../src/connectors/google-chat/text/read.ts';
import { toMrkdwn } from '../../../src/connectors/slack/text/write.ts';
import { readMessage as readSlack } from '../../../src/connectors/slack/text/read.ts';
import { toWebex } from '../../../src/connectors/webex/text/write.ts';

const text = (value: string): PhrasingContent => ({ type: 'text', value });
const saying = (...children: PhrasingContent[]): Root => ({
  type: 'root',
  children: [{ type: 'paragraph', children }],
});
const typesOf = (tree: Root): string[] =>
  tree.children.flatMap((node) => ('children' in node ? node.children.map(({ type }) => type) : [node.type]));

describe('a tree written as Markdown', () => {
  it.each(['see http://a.b/c', 'HTTPS://a.b', 'www.a.b', 'ann@example.com', 'xmpp:a@b.co', 'mailto:a@b.co'])(
    'an address that was only text does not become a link: %s',
    (address) => {
      const back = parseMarkdown(writeMarkdown(saying(text(address))));
      expect(typesOf(back)).toEqual(['text']);
      expect(plainText(back)).toBe(address);
    },
  );

  it('an address that an author writes in Markdown becomes a link', () => {
    expect(typesOf(parseMarkdown('see http://a.b/c and ann@example.com'))).toEqual(['text', 'link', 'text', 'link']);
  });

  it.each<[string, Root, string]>([
    ['two codes in a row', saying({ type: 'inlineCode', value: 'a' }, { type: 'inlineCode', value: 'b' }), '`ab`'],
    [
      'two styles in a row',
      saying({ type: 'strong', children: [text('a')] }, { type: 'strong', children: [text('b')] }),
      '**ab**',
    ],
    [
      'a style with blanks at its ends',
      saying(text('a'), { type: 'strong', children: [text(' b ')] }, text('c')),
      'a **b** c',
    ],
    ['a style around nothing', saying({ type: 'emphasis', children: [text(' ')] }, text('a')), 'a'],
    ['a style in itself', saying({ type: 'strong', children: [{ type: 'strong', children: [text('a')] }] }), '**a**'],
    ['control characters and halves of pairs', saying(text('a\u0000\u0007\uD83Db')), 'ab'],
    [
      'a heading of two lines',
      { type: 'root', children: [{ type: 'heading', depth: 1, children: [text('a'), { type: 'break' }, text('b')] }] },
      '# a b',
    ],
    [
      'text without a paragraph',
      { type: 'root', children: [text('a'), { type: 'thematicBreak' }] } as unknown as Root,
      'a\n\n---',
    ],
  ])('a tree that Markdown cannot express is tidied before it is written: %s', (_, tree, expected) => {
    expect(writeMarkdown(tree)).toBe(expected);
  });

  it('a table after a quote in a list item stays separate from the quote', () => {
    const list = '- > a\n\n  | b |\n  | - |\n  | c |';
    expect(writeMarkdown(parseMarkdown(list))).toBe(list);
  });
});

describe('HTML read as Markdown', () => {
  it.each([
    ['lines of a message', '<div>a</div><div>b</div>', 'a\n\nb'],
    ['text beside a box', 'a<div>b</div>c', 'a\n\nb\n\nc'],
    ['boxes in boxes', '<div><div>a</div><section>b<p>c</p>d</section></div>', 'a\n\nb\n\nc\n\nd'],
    ['styles in a box', '<div><b>a</b> b</div><div>c</div>', '**a** b\n\nc'],
    ['a list in a box', '<div>a<ul><li><div>b</div></li></ul></div>', 'a\n\n- b'],
  ])('lines and blocks of HTML stay separate: %s', (_, html, expected) => {
    expect(writeMarkdown(readHtml(html))).toBe(expected);
  });
});

describe('styles of Slack and Google Chat', () => {
  const link = '*_<https://a.b/_c_|x> y_*';
  const code = '_`a_` b_';
  it('a style does not end inside a link or code', () => {
    const [slack, chat] = [readSlack({ text: link }, 'acme'), readChat({ formattedText: link }, 'acme')];
    expect([slack, chat].map(writeMarkdown)).toEqual(Array(2).fill('**_[x](https://a.b/_c_) y_**'));
    expect(writeMarkdown(readSlack({ text: code }, 'acme'))).toBe('_`a_` b_');
    expect(writeMarkdown(readChat({ formattedText: code }, 'acme'))).toBe('_`a_` b_');
  });

  it('a style that could not be read back leaves the text intact', () => {
    const written = toMrkdwn('~~\\~a~~');
    expect(plainText(readSlack({ text: written }, 'acme'))).toBe('~a');
  });

  it('formatting characters that Carillon has disarmed are read as text', () => {
    expect(writeMarkdown(readSlack({ text: '_\u200B_\u200Ba `\u200Bb`' }, 'acme'))).toBe('\\_\\_a \\`b\\`');
  });
});

it("an address in Webex's Markdown is a link only if its author made it one", () => {
  const { markdown } = toWebex('http\\://a.b ann\\@example.com www\\.a.b [http://a.b](http://a.b)');
  expect(markdown).toBe('http&#58;//a.b ann&#64;example.com www\\.a.b [http://a.b](http://a.b)');
});

it('a quote with more than 1 000 lines that lack a > is read as text, because parsing it would take too long', () => {
  const typesIn = (lines: number): string[] => parseMarkdown('> a\nb\n'.repeat(lines)).children.map(({ type }) => type);
  expect(typesIn(1_000)).toEqual(['blockquote']);
  expect(typesIn(1_001)).toEqual(['paragraph']);
  // A quote of any length is parsed if each line has a `>`, or if another block follows it.
  expect(parseMarkdown('> a\n> b\n'.repeat(1_100)).children[0]?.type).toBe('blockquote');
  expect(parseMarkdown('> a\n- b\n'.repeat(1_100)).children[0]?.type).toBe('blockquote');
});

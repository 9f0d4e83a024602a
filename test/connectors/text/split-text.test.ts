import { cutPlaces, bestCut } from '../../../src/connectors/text/cut-places.ts';
import { parseMarkdown } from '../../../src/connectors/text/markdown.ts';
import { plainText } from '../../../src/connectors/text/plain.ts';
import { cutTree, sliceTree } from '../../../src/connectors/text/slice-tree.ts';
import { maxParts, partMarkdown, splitText, treeOf, type TextPart } from '../../../src/connectors/text/split-text.ts';
import { visibleText } from '../../../src/connectors/text/visible-text.ts';
import { growth } from '../../support/linear.ts';
import { fc, runs } from '../../support/property.ts';

const upTo = (bytes: number) => (markdown: string) => Buffer.byteLength(markdown) <= bytes;
const textsOf = (markdown: string, parts: readonly TextPart[]): string[] =>
  parts.map((part, index) => partMarkdown(treeOf(markdown), part, index + 1, parts.length));

const word = fc.constantFrom(
  'disk',
  'full',
  'naïve',
  '日本語',
  '👩‍👩‍👧',
  '🇩🇪🇫🇷',
  'a_b*c',
  '&amp;',
  'Wait. Then go!',
  'e\u0301',
);
const sentence = fc.array(word, { minLength: 1, maxLength: 30 }).map((words) => `${words.join(' ')}.`);
const inline = fc.oneof(
  sentence,
  sentence.map((text) => `**${text}**`),
  sentence.map((text) => `_${text}_`),
  fc.constant('[a label](https://example.org/x)'),
  fc.constant('[@Ann](mention:acme/U1)'),
  fc.constant('`inline code`'),
);
const paragraph = fc.array(inline, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(' '));
const block = fc.oneof(
  paragraph,
  fc.array(sentence, { minLength: 1, maxLength: 8 }).map((lines) => `\`\`\`js\n${lines.join('\n')}\n\`\`\``),
  fc.array(sentence, { minLength: 1, maxLength: 5 }).map((items) => items.map((one) => `- ${one}`).join('\n')),
  fc
    .array(sentence, { minLength: 1, maxLength: 5 })
    .map((items) => items.map((one, at) => `${at + 4}. ${one}`).join('\n')),
  paragraph.map((text) => `> ${text}`),
  paragraph.map((text) => `## ${text}`),
  sentence.map((text) => `| a | b |\n|---|---|\n| ${text} | 1 |\n| 2 | ${text} |`),
  fc.constant('---'),
  fc.constant('one  \ntwo ![shot](https://example.org/s.png)'),
);
const document = fc.array(block, { minLength: 1, maxLength: 12 }).map((blocks) => blocks.join('\n\n'));

describe('slices of a tree', () => {
  it('consecutive slices of a text together show the whole text, wherever it is cut', () => {
    fc.assert(
      fc.property(document, fc.array(fc.nat(4_000), { maxLength: 6 }), (markdown, cuts) => {
        const tree = parseMarkdown(markdown);
        const text = visibleText(tree);
        const places = [0, ...cuts.map((one) => one % (text.length + 1)).sort((a, b) => a - b), text.length];
        const slices = places.slice(1).map((to, index) => sliceTree(tree, places[index] ?? 0, to));
        expect(slices.map(visibleText).join('')).toBe(text);
        expect(parseMarkdown(markdown)).toEqual(tree);
      }),
      { numRuns: runs(100) },
    );
  });

  it('a quote, list, style or code block that a slice cuts is closed and opened again in the next slice', () => {
    const markdown = '> - quoted **strong words** here\n\n```js\none()\ntwo()\n```';
    const at = visibleText(parseMarkdown(markdown)).indexOf('words');
    const [first, second] = textsOf(markdown, [
      { from: 0, to: at },
      { from: at, to: at + 16 },
    ]);
    expect(first).toBe('> - quoted **strong**\n\n(1/2)');
    expect(second).toBe('> - **words** here\n\n```js\none()\n```\n\n(2/2)');
  });

  it('the second slice of a list continues its numbers and does not repeat a checked box', () => {
    const markdown = '3. three\n4. four\n\n- [x] done and seen';
    const text = visibleText(parseMarkdown(markdown));
    const [, second] = textsOf(markdown, [
      { from: 0, to: 5 },
      { from: 5, to: text.indexOf('and') },
    ]);
    expect(second).toBe('4. four\n\n- [x] done\n\n(2/2)');
    expect(textsOf(markdown, [{ from: text.indexOf('and'), to: text.length }])).toEqual(['- and seen']);
  });

  it('a text is cut with an ellipsis and never inside a character', () => {
    expect(plainText(cutTree(parseMarkdown('**ab 👩‍👩‍👧 cd**'), 6))).toBe('ab…');
    expect(cutTree(parseMarkdown('short'), 5)).toEqual(parseMarkdown('short'));
  });
});

describe('splitting a long text', () => {
  it('a long text is split into parts that fit and together show all of it', () => {
    fc.assert(
      fc.property(document, fc.constantFrom(120, 300, 1_000), (markdown, bytes) => {
        const text = visibleText(treeOf(markdown));
        const parts = splitText(markdown, upTo(bytes));
        if (Buffer.byteLength(markdown) <= bytes) return expect(parts).toEqual([{ from: 0, to: text.length }]);
        expect(parts.map(({ from }) => from)).toEqual([0, ...parts.slice(0, -1).map(({ to }) => to)]);
        expect(parts.length).toBeLessThanOrEqual(maxParts);
        const isCut = parts.at(-1)?.isCut === true;
        if (!isCut) expect(parts.at(-1)?.to).toBe(text.length);
        for (const one of textsOf(markdown, parts)) expect(Buffer.byteLength(one)).toBeLessThanOrEqual(bytes);
        // Only white space at the cuts is lost.
        const bare = (value: string): string => value.replaceAll(/\s/g, '');
        const said = textsOf(markdown, parts).map((one) => visibleText(treeOf(one)).replace(/\(\d+\/\d+\)$/, ''));
        if (!isCut && bare(text) !== '') expect(bare(said.join(''))).toBe(bare(text));
        return expect(splitText(markdown, upTo(bytes))).toEqual(parts);
      }),
      { numRuns: runs(60) },
    );
  });

  it('a text is cut at the end of a block if possible, else of a line or sentence, else of a word', () => {
    const cutOf = (markdown: string, most: number) => {
      const places = cutPlaces(parseMarkdown(markdown));
      return places.text.slice(0, bestCut(places, 0, most));
    };
    expect(cutOf('First block of it. And so on.\n\nSecond block.', 35)).toBe('First block of it. And so on.');
    expect(cutOf('A first sentence stands here. A second one follows.', 40)).toBe('A first sentence stands here. ');
    expect(cutOf('no sentence ends anywhere in this text', 22)).toBe('no sentence ends ');
    expect(cutOf('```\nfirst line\nsecond line\n```', 18)).toBe('first line\n');
  });

  it('a text is not cut inside a link, a mention, code or a character', () => {
    const cutOf = (markdown: string, most: number) => {
      const places = cutPlaces(parseMarkdown(markdown));
      return places.text.slice(0, bestCut(places, 0, most));
    };
    expect(cutOf('see [the long label of it](https://example.org) now', 12)).toBe('see ');
    expect(cutOf('ask [@Ann Example Person](mention:acme/U1) now', 12)).toBe('ask ');
    expect(cutOf('run `rm -rf /tmp/some thing` now', 12)).toBe('run ');
    expect(cutOf('👩‍👩‍👧👩‍👩‍👧', 10)).toBe('👩‍👩‍👧');
    expect(cutOf('👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧');
  });

  it('a text that needs more than 20 parts is cut, and its last part ends with an ellipsis', () => {
    const markdown = 'Words and words. '.repeat(2_000);
    const parts = splitText(markdown, upTo(200));
    expect(parts).toHaveLength(maxParts);
    expect(parts.at(-1)).toMatchObject({ isCut: true });
    expect(textsOf(markdown, parts).at(-1)).toMatch(/…\n\n\(20\/20\)$/);
    expect(splitText(markdown, upTo(200), 1)).toEqual([{ from: 0, to: expect.any(Number), isCut: true }]);
  });

  it('a reference link keeps its target in every part', () => {
    const markdown = `${'Many words stand here. '.repeat(20)}[there][1]\n\n[1]: https://example.org/there`;
    expect(textsOf(markdown, splitText(markdown, upTo(300))).at(-1)).toContain('[there](https://example.org/there)');
  });

  it.each([
    ['words', 'lorem ipsum dolor sit amet. '.repeat(37_000)],
    ['no spaces', 'x'.repeat(1_000_000)],
    ['marks', '_a*b'.repeat(250_000)],
    ['brackets', '[a]('.repeat(250_000)],
    ['combining marks', `e${'\u0301'.repeat(1_000_000)}`],
    ['flags', '🇩🇪'.repeat(250_000)],
    ['lines of code', `\`\`\`\n${'code();\n'.repeat(100_000)}\`\`\``],
    ['paragraphs', 'one\n\n'.repeat(200_000)],
    ['breaks', 'one  \n'.repeat(150_000)],
    ['styles', '**a** '.repeat(160_000)],
    ['spaces', `a${' '.repeat(500_000)}b${' '.repeat(400_000)}`],
    ['a list', '- item\n'.repeat(140_000)],
  ])('a megabyte of %s is split with a few trials per part', (_, markdown) => {
    let [trials, tried] = [0, 0];
    const parts = splitText(markdown, (one) => {
      trials += 1;
      tried += one.length;
      return Buffer.byteLength(one) <= 30_000;
    });
    // One trial with the whole text, some until the size of the first part is known, then few for each further part.
    expect(trials).toBeLessThanOrEqual(10 + 8 * parts.length);
    expect(tried - markdown.length).toBeLessThanOrEqual(8 * 30_000 * (parts.length + 2));
  });

  it.each([
    ['words', 'lorem ipsum dolor sit amet. '],
    ['paragraphs', 'one two three four five six seven\n\n'],
    ['combining marks', '\u0301'],
    ['spaces', ' '],
    ['items', '- an item of a list with words\n'],
  ])('splitting a text of %s takes time that grows linearly with its length', (_, unit) => {
    const [some, more] = [10_000, 40_000].map((length) => `a${unit.repeat(length / unit.length)}b`);
    const grown = growth(
      () => splitText(some ?? '', upTo(4_000)),
      () => splitText(more ?? '', upTo(4_000)),
    );
    expect(grown).toMatchObject({ isLinear: true });
  });
});

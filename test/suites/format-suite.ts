import type { Root } from 'mdast';
import { parseMarkdown, writeMarkdown } from '../../src/connectors/text/markdown.ts';
import { growth } from '../support/linear.ts';
import { fc, runs } from '../support/property.ts';
import { formatCases, isBen, type FormatCase } from './format-cases.ts';
import { outline } from './format-outline.ts';
import { restyled } from './format-restyled.ts';
import { samples } from './format-samples.ts';
import { anyBytes, anyString, anyTree, factsOf, hostileText } from './format-trees.ts';

const isKnown = isBen;
/** Number of random messages over all platforms. `CARILLON_PROPERTY_FACTOR=6` tries this many on each platform. */
const messages = 10_000;

/** What every platform promises about texts, also about hostile ones. */
export function formatSuite(one: FormatCase): void {
  const around = (markdown: string): Root => one.read(one.write(markdown));

  describe(`${one.title} to other platforms`, () => {
    it.each(formatCases.map((target) => [target.title, target] as const))(
      `messages of ${one.title} are shown on %s with every format that it has`,
      (_, target) => {
        const shown: Record<string, unknown> = {};
        const expected: Record<string, unknown> = {};
        for (const { what, says, natives } of samples) {
          const given = natives[one.name];
          if (given === undefined) continue;
          const own = 'says' in given ? given : { native: given, says };
          const read = one.read(own.native);
          const meant = parseMarkdown(own.says);
          const arrived = outline(target.read(target.write(writeMarkdown(read))), { isKnown });
          shown[what] = { read: outline(read, { isKnown }), arrived: whole(arrived) };
          expected[what] = {
            read: outline(meant, { isKnown }),
            arrived: whole(outline(meant, { ...target, isKnown }), arrived),
          };
        }
        expect(shown).toEqual(expected);
      },
    );

    it(`an edit on ${one.title} that only changes a style changes the text on every platform`, () => {
      const [before, behind] = (restyled[one.name] ?? []).map((native) => writeMarkdown(one.read(native)));
      expect([before, behind]).toEqual(['so it is', 'so **it** is']);
      for (const target of formatCases) expect(target.write(behind ?? '')).not.toEqual(target.write(before ?? ''));
    });
  });

  describe(`hostile text on ${one.title}`, () => {
    const ways: readonly (readonly [string, (text: string) => unknown])[] = [
      ['reading', (text) => one.read(one.native(text))],
      ['writing', (text) => one.write(text)],
    ];
    it.each(Object.entries(nasty))(`${one.title} takes time in proportion to the length of a text of %s`, (_, unit) => {
      const [some, more] = [4_000, 16_000].map((length) => unit.repeat(length / unit.length));
      for (const [way, act] of ways) {
        const grown = growth(
          () => act(some ?? ''),
          () => act(more ?? ''),
        );
        expect({ way, ...grown }).toMatchObject({ way, isLinear: true });
        if (big.has(unit)) act(unit.repeat(1_000_000 / unit.length));
      }
    });

    it(`${one.title} reads and writes text that is nested 10 000 levels deep`, () => {
      for (const [open, close] of [
        ['<div>', '</div>'],
        ['<b>', '</b>'],
        ['<ul><li>', '</li></ul>'],
      ] as const) {
        const text = `${open.repeat(10_000)}x${close.repeat(10_000)}`;
        expect(JSON.stringify(one.read(one.native(text)))).toContain('x');
      }
      expect(JSON.stringify(one.write(`${'*a **b '.repeat(300)}${'c** d* '.repeat(300)}`))).toContain('c');
      for (const open of ['> ', '- ', '*_', '['])
        expect(JSON.stringify(one.write(`${open.repeat(10_000)}x`)).length).toBeGreaterThan(1_000);
    });
  });

  describe(`random text on ${one.title}`, () => {
    it(`random text arrives on ${one.title} without a style, link or mention that it did not have`, () => {
      fc.assert(
        fc.property(anyTree, (tree) => {
          const was = factsOf(tree);
          const back = factsOf(around(writeMarkdown(tree)));
          const usual = ['root', 'paragraph', 'text', 'break'];
          const instead = [
            ...(was.types.has('heading') ? ['strong'] : []),
            ...(was.types.has('table') ? ['code'] : []),
          ];
          const types = [...back.types].filter(
            (type) => !was.types.has(type) && !usual.includes(type) && !instead.includes(type),
          );
          const targets = [...back.targets].filter((target) => !was.targets.has(target));
          const lost = was.values.filter((value) => !back.text.includes(value));
          expect({ types, targets, lost }).toEqual({ types: [], targets: [], lost: [] });
        }),
        { numRuns: runs(150) },
      );
    });

    it(`random text that comes back from ${one.title} does not change on its next way there and back`, () => {
      fc.assert(
        fc.property(anyTree, (tree) => {
          const once = writeMarkdown(around(writeMarkdown(tree)));
          expect(writeMarkdown(around(once))).toBe(once);
        }),
        { numRuns: runs(150) },
      );
    });

    it(`${one.title} reads and writes random text without an error`, () => {
      fc.assert(
        fc.property(
          fc.oneof(hostileText, anyString, anyBytes),
          // The comparison does not use `expect`, which would take longer than the reading and writing.
          (value) => typeof JSON.stringify(one.write(writeMarkdown(one.read(one.native(value))))) === 'string',
        ),
        { numRuns: runs(messages / formatCases.length) },
      );
    });
  });
}

/** Units of text that took quadratic time on some platform, or overflowed the stack. */
const nasty: Readonly<Record<string, string>> = {
  'back-ticks': '`',
  'back-ticks apart': '`a ',
  stars: '*',
  'styles that never end': '*a _b ~c ',
  underscores: '_a_',
  'styles within words': '_a*b',
  brackets: '[',
  'links that never end': '[a](',
  'angle brackets': '<a|',
  quotes: '> ',
  'quoted lines': '&gt; a\n> b\n',
  'quotes that go on without a mark': '> a\nb\n',
  lists: '- ',
  divs: '<div>',
  'styles of HTML': '<b><i>x',
  'empty elements': '<b></b>',
  fences: '```\n',
  emoji: ':a::',
  entities: '&amp;',
  mentions: '<at>x</at><@U1>@all',
};

/** Units that are also tried at a length of 1 MB. `split-text.test.ts` has more of them, once for all platforms. */
const big = new Set(['`', '[', '<div>']);

/** Returns the text of the lines. If `arrived` was cut to the platform's length, returns as much of the beginning. */
function whole(lines: readonly string[], arrived: readonly string[] = lines): string {
  const text = lines.join('\n');
  const cut = arrived.at(-1)?.endsWith('…') === true ? arrived.join('\n').slice(0, -1).length : undefined;
  return cut === undefined ? text : text.slice(0, Math.max(cut, 5_000)).trim();
}

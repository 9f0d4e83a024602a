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

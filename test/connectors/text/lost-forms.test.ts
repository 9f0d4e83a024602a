import { lostForms } from '../../../src/connectors/text/lost-forms.ts';
import { parseMarkdown } from '../../../src/connectors/text/markdown.ts';
import { matrix } from '../../../src/connectors/matrix/index.ts';
import { slack } from '../../../src/connectors/slack/index.ts';
import { zoom } from '../../../src/connectors/zoom/index.ts';
import type { Kept } from '../../../src/connectors/contract/kept.ts';

const lostOn = ({ keeps }: { keeps?: Kept }, text: string): string[] => {
  if (keeps === undefined) throw new Error('it does not say what it keeps');
  return lostForms(text, keeps, parseMarkdown);
};
const table = '| a | b |\n| - | - |\n| 1 | 2 |';
const all = `# One\n\n~~struck~~ \`code\`\n\n- a\n  - b\n\n> q\n> > deeper\n\n${table}\n\n---\n\n\`\`\`js\nx\n\`\`\``;

describe('forms that are lost', () => {
  it('are said once each, as the platform shows them', () => {
    expect(lostOn(slack, `${all}\n\n${table}`)).toEqual(['quotes have one level', 'tables are code blocks']);
    const onZoom = [
      'code blocks are plain text',
      'code is plain text',
      'quotes have one level',
      'tables are plain text',
    ];
    expect(lostOn(zoom, all)).toEqual(onZoom);
  });

  it('are none where all is kept', () => expect(lostOn(matrix, all)).toEqual([]));

  it('are none of a text that only looks as if it had forms, and then it is not parsed for nothing', () => {
    expect(lostOn(slack, '1\\. no list, \\# no heading, 5 > 3 | and so on - yes')).toEqual([]);
    const parse = () => {
      throw new Error('parsed');
    };
    expect(lostForms('Hello, world! How are you?', slack.keeps as never, parse)).toEqual([]);
  });
});

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

describe('the forms of a text that a platform does not show', () => {
  it('each lost form is listed once, as the platform shows it', () => {
    expect(lostOn(slack, `${all}\n\n${table}`)).toEqual(['quotes have one level', 'tables are code blocks']);
    const onZoom = [
      'code blocks are plain text',
      'code is plain text',
      'quotes have one level',
      'tables are plain text',
    ];
    expect(lostOn(zoom, all)).toEqual(onZoom);
  });

  it('no form is lost on a platform that keeps all of them', () => expect(lostOn(matrix, all)).toEqual([]));

  it('a text without forms loses none and is not even parsed', () => {
    expect(lostOn(slack, '1\\. no list, \\# no heading, 5 > 3 | and so on - yes')).toEqual([]);
    const parse = () => {
      throw new Error('parsed');
    };
    expect(lostForms('Hello, world! How are you?', slack.keeps as never, parse)).toEqual([]);
  });
});

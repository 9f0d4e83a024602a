import type { Root } from 'mdast';
import type { Mentioned } from '../../src/connectors/contract/connector.ts';
import type { Kept } from '../../src/connectors/contract/kept.ts';
import { findConnector } from '../../src/connectors/registry.ts';
import { mentionRef } from '../../src/connectors/text/mention.ts';
import { toChatText } from '../../src/connectors/google-chat/text/write.ts';
import { readMessage as readChat } from '../../src/connectors/google-chat/text/read.ts';
import { toContent } from '../../src/connectors/matrix/text/write.ts';
import { readContent } from '../../src/connectors/matrix/text/read.ts';
import { toTeamsText } from '../../src/connectors/msteams/text/write.ts';
import { readActivityText } from '../../src/connectors/msteams/text/read.ts';
import { toMrkdwn } from '../../src/connectors/slack/text/write.ts';
import { readMessage as readSlack } from '../../src/connectors/slack/text/read.ts';
import { toWebex } from '../../src/connectors/webex/text/write.ts';
import { readMessage as readWebex } from '../../src/connectors/webex/text/read.ts';
import { toRichText } from '../../src/connectors/zoom/text/write.ts';
import { readMessage as readZoom } from '../../src/connectors/zoom/text/read.ts';

/** Both directions of one platform: from Markdown to its native form, and from its native form to a tree. */
export interface FormatCase {
  readonly name: string;
  readonly title: string;
  readonly keeps: Kept | undefined;
  /** The text in front of an item where a list is text. */
  readonly bullet: string;
  /** The text that a mention of everybody becomes, on a platform where readers see it as text. */
  readonly everybody?: (label: string) => string;
  /** Returns the text as the platform would return what it was sent. */
  readonly write: (markdown: string) => unknown;
  readonly read: (native: unknown) => Root;
  /** Makes a native message of this text, in the form in which the platform has markup. */
  readonly native: (text: string) => unknown;
}

/** Ids of one person, Ben. `BEN` is an id of no platform. */
const ids = {
  slack: 'U0BEN',
  msteams: '29:ben',
  webex: 'UF9',
  'google-chat': 'users/102',
  zoom: 'ben@example.com',
  matrix: '@ben:sim.example',
};
const refs = ['BEN', ...Object.values(ids)].map((id) => mentionRef({ kind: 'native', connection: 'acme', id }));
/** Whether a mention is of Ben, by any of his ids. Ben is known on every platform. */
export const isBen = (ref: string): boolean => refs.includes(ref);
const peopleOf = (name: keyof typeof ids): ReadonlyMap<string, Mentioned> =>
  new Map(refs.map((ref) => [ref, { id: ids[name], name: 'Ben' }]));

/** Slack returns a `>` encoded, except in its own links. */
const encoded = (text: string): string => text.replaceAll(/^> ?/gm, '&gt; ');

function known(name: keyof typeof ids) {
  const { title = name, keeps } = findConnector(name) ?? {};
  return { name, title, keeps, bullet: name === 'google-chat' ? '*' : '•' };
}

export const formatCases: readonly FormatCase[] = [
  {
    ...known('slack'),
    write: (markdown) => ({ text: encoded(toMrkdwn(markdown, { people: peopleOf('slack') })) }),
    read: (native) => readSlack(native, 'acme'),
    native: (text) => ({ text }),
  },
  {
    ...known('msteams'),
    everybody: (label) => `@${label}`,
    write: (markdown) => ({ ...toTeamsText(markdown, { people: peopleOf('msteams') }), textFormat: 'xml' }),
    read: (native) => readActivityText(native, { connection: 'acme', bot: '28:bot' }),
    native: (content) => ({ attachments: [{ contentType: 'text/html', content }] }),
  },
  {
    ...known('webex'),
    write: (markdown) => ({ markdown: toWebex(markdown, { people: peopleOf('webex') }).markdown }),
    read: (native) => readWebex(native, 'acme'),
    native: (markdown) => ({ markdown }),
  },
  {
    ...known('google-chat'),
    write: (markdown) => ({ formattedText: toChatText(markdown, { people: peopleOf('google-chat') }) }),
    read: (native) => readChat(native, 'acme'),
    native: (formattedText) => ({ formattedText }),
  },
  {
    ...known('zoom'),
    write: (markdown) => {
      const options = { mark: '', max: 40_000, isRich: true, people: peopleOf('zoom') };
      const { text, formats, mentions } = toRichText(markdown, options) ?? { text: '', formats: [], mentions: [] };
      return { message: text, rich_text: formats, at_items: mentions };
    },
    read: (native) => readZoom(native, 'acme'),
    native: (message) => ({ message }),
  },
  {
    ...known('matrix'),
    everybody: () => '@room',
    write: (markdown) => toContent(markdown, { people: peopleOf('matrix') }) ?? {},
    read: (native) => readContent(native, 'acme'),
    native: (formatted_body) => ({ format: 'org.matrix.custom.html', formatted_body, body: '' }),
  },
];

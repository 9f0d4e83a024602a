import { at, listAt, textAt } from '../http/json-path.ts';
import { isChannel } from './native-id.ts';

type Activity = Readonly<Record<string, unknown>>;

export interface GraphContext {
  readonly conversation: string;
  /** What happened before is known, or is none of the bridge's. */
  readonly since: Date;
  /** The bot connector's ids of people, by those of the directory. */
  readonly ids: ReadonlyMap<string, string>;
}

/**
 * The activities by which a bot would have heard of a message as Microsoft Graph shows it (learn.microsoft.com/graph,
 * chatMessage resource): that it was said, edited, deleted, and who reacts to it, as far as each happened since. One and
 * the same message has one id in both.
 */
export function activitiesOf(message: unknown, { conversation, since, ids }: GraphContext): Activity[] {
  const id = textAt(message, 'id');
  // Members who joined, calls and the like are messages of other types.
  if (id === undefined || textAt(message, 'messageType') !== 'message') return [];
  const root = isChannel(conversation) ? (textAt(message, 'replyToId') ?? id) : undefined;
  const common = {
    channelId: 'msteams',
    conversation: { id: root === undefined ? conversation : `${conversation};messageid=${root}` },
    from: fromOf(at(message, 'from'), ids),
  };
  const happened = (key: string): string | undefined => {
    const time = textAt(message, key);
    return Date.parse(time ?? '') >= since.getTime() ? time : undefined;
  };
  const [created, edited, deleted] = ['createdDateTime', 'lastEditedDateTime', 'deletedDateTime'].map(happened);
  const content = contentOf(message, ids);
  return [
    ...(created && !textAt(message, 'deletedDateTime')
      ? [{ ...common, type: 'message', id, timestamp: created, ...content }]
      : []),
    ...(edited && !deleted ? [{ ...common, type: 'messageUpdate', id, timestamp: edited, ...content }] : []),
    ...(deleted ? [{ ...common, type: 'messageDelete', id, timestamp: deleted }] : []),
    ...listAt(message, 'reactions').flatMap((reaction): Activity[] => {
      const time = textAt(reaction, 'createdDateTime');
      if (deleted || time === undefined || !(Date.parse(time) >= since.getTime())) return [];
      const reactionsAdded = [{ type: textAt(reaction, 'reactionType') }];
      const from = fromOf(at(reaction, 'user'), ids);
      return [{ ...common, type: 'messageReaction', timestamp: time, from, replyToId: id, reactionsAdded }];
    }),
  ];
}

/** `chatMessageFromIdentitySet`: a person or an app. */
function fromOf(from: unknown, ids: ReadonlyMap<string, string>): { id?: string; name?: string } {
  const app = textAt(from, 'application', 'id');
  if (app !== undefined) return { id: `28:${app}` };
  const [id, name] = [textAt(from, 'user', 'id'), textAt(from, 'user', 'displayName')];
  return id === undefined ? {} : { id: ids.get(id) ?? id, ...(name === undefined ? {} : { name }) };
}

function contentOf(message: unknown, ids: ReadonlyMap<string, string>): Activity {
  const text = textAt(message, 'body', 'content') ?? '';
  const isHtml = textAt(message, 'body', 'contentType') === 'html';
  const files = listAt(message, 'attachments').filter((one) => textAt(one, 'contentType') === 'reference');
  return {
    text: isHtml ? '' : text,
    attachments: [
      // Where a file stands in the text is marked by an empty element.
      ...(isHtml
        ? [{ contentType: 'text/html', content: text.replaceAll(/<attachment [^>]*>(?:<\/attachment>)?/gi, '') }]
        : []),
      ...files.map((file) => ({
        contentType: 'application/vnd.microsoft.teams.file.download.info',
        contentUrl: textAt(file, 'contentUrl'),
        name: textAt(file, 'name'),
        content: { uniqueId: textAt(file, 'id') },
      })),
    ],
    entities: listAt(message, 'mentions').map((mention) => ({
      type: 'mention',
      text: `<at>${textAt(mention, 'mentionText') ?? ''}</at>`,
      mentioned: fromOf(at(mention, 'mentioned'), ids),
    })),
  };
}

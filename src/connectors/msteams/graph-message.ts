import { at, listAt, textAt } from '../http/json-path.ts';
import { isChannel } from './native-id.ts';

type Activity = Readonly<Record<string, unknown>>;

export interface GraphContext {
  readonly conversation: string;
  /** Changes before this time are ignored: they are already known or happened before the bridge existed. */
  readonly since: Date;
  /** Maps directory ids of people to their ids at the bot connector. */
  readonly ids: ReadonlyMap<string, string>;
}

/**
 * Converts a message from Microsoft Graph (learn.microsoft.com/graph, chatMessage resource) to the activities that a
 * bot would have received since `since`: its creation, edit or deletion, and the reactions to it. A message has the
 * same id in both APIs.
 */
export function activitiesOf(message: unknown, { conversation, since, ids }: GraphContext): Activity[] {
  const id = textAt(message, 'id');
  // Events such as new members and calls are messages of other types.
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

/** Reads a `chatMessageFromIdentitySet`: a person or an app. */
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
      // An empty element shows the position of a file in the text.
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

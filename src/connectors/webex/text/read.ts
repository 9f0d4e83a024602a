import type { Root } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { adaptiveCardType, readAdaptiveCard } from '../../text/adaptive-card.ts';
import { readHtml } from '../../text/html.ts';
import { plainTree } from '../../text/markdown.ts';
import type { Mention } from '../../text/mention.ts';
import { at, listAt, textAt } from '../../http/json-path.ts';
import { readWebexMarkdown } from './read-markdown.ts';

/**
 * Reads a message into a tree: its cards, for which the text is only a substitute in clients that show no cards
 * (developer.webex.com, "Cards"), else its text.
 */
export function readMessage(message: unknown, connection: ConnectionId): Root {
  const cards = listAt(message, 'attachments').filter((one) => textAt(one, 'contentType') === adaptiveCardType);
  const children = cards.flatMap((one) => readAdaptiveCard(at(one, 'content')).children);
  return children.length > 0 ? { type: 'root', children } : readText(message, connection);
}

/**
 * Uses `html`, which Webex generates for every text with formatting; else `markdown`, which only programs send; else
 * `text`, which contains no markup (developer.webex.com, "Get Message Details").
 */
function readText(message: unknown, connection: ConnectionId): Root {
  const html = textAt(message, 'html');
  if (html !== undefined)
    return readHtml(html, {
      mentionElements: {
        // `<spark-mention data-object-type="person" data-object-id="…">`; for everyone,
        // `data-object-type="groupMention"`.
        'spark-mention': {
          attributes: ['dataObjectType', 'dataObjectId', 'dataGroupType'],
          read: ({ dataObjectType, dataObjectId, dataGroupType }) => {
            if (dataObjectType === 'groupMention') return dataGroupType === 'all' ? { kind: 'all' } : undefined;
            return typeof dataObjectId === 'string' ? personOf(dataObjectId, connection) : undefined;
          },
        },
      },
    });
  const markdown = textAt(message, 'markdown');
  return markdown === undefined
    ? plainTree(textAt(message, 'text') ?? '')
    : readWebexMarkdown(markdown, (id) => personOf(id, connection));
}

/** Some clients write the bare UUID. The API's id is the base64 of `ciscospark://us/PEOPLE/<uuid>`. */
function personOf(id: string, connection: ConnectionId): Mention | undefined {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id))
    return personOf(Buffer.from(`ciscospark://us/PEOPLE/${id}`).toString('base64').replace(/=+$/, ''), connection);
  return id === '' ? undefined : { kind: 'native', connection, id };
}

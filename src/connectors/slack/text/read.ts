import type { BlockContent, Root } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { bounded } from '../../text/card.ts';
import { plainText } from '../../text/plain.ts';
import { listAt, textAt } from '../../http/json-path.ts';
import { readAttachment } from './read-attachment.ts';
import { readBlock } from './read-block.ts';
import { readMrkdwn } from './read-mrkdwn.ts';

/**
 * Reads a message into a tree. It uses `blocks` if any is readable, which is so for everything typed in Slack
 * (`rich_text`); else `text`, which is mrkdwn (docs.slack.dev, "Rich text block" and "Formatting"); else the
 * attachments, as for a shared message.
 */
export function readMessage(message: unknown, connection: ConnectionId): Root {
  const children = listAt(message, 'blocks').flatMap((block) => readBlock(block, connection));
  if (children.length > 0) return { type: 'root', children };
  const said = readMrkdwn(textAt(message, 'text') ?? '', connection);
  if (plainText(said) !== '') return said;
  const attached = bounded(listAt(message, 'attachments'));
  return {
    type: 'root',
    children: (attached as unknown[]).flatMap((one): BlockContent[] => readAttachment(one, connection)),
  };
}

import type { BlockContent, Root } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { bounded } from '../../text/card.ts';
import { plainText } from '../../text/plain.ts';
import { listAt, textAt } from '../../http/json-path.ts';
import { readAttachment } from './read-attachment.ts';
import { readBlock } from './read-block.ts';
import { readMrkdwn } from './read-mrkdwn.ts';

/**
 * What a message says, as a tree: from `blocks` where it has readable ones, as everything typed in Slack has
 * (`rich_text`), else from `text`, which is mrkdwn (docs.slack.dev, "Rich text block" and "Formatting"); from what is attached
 * to it where it has neither, as a message that was shared.
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

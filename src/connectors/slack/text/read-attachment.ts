import type { BlockContent, PhrasingContent } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { buttons, facts, inlineOf, linked, paragraph, picture, strong } from '../../text/card.ts';
import { textOf } from '../../text/mention.ts';
import { listAt, textAt } from '../../http/json-path.ts';
import { readBlock } from './read-block.ts';
import { readMrkdwn } from './read-mrkdwn.ts';

/**
 * Reads an attachment (docs.slack.dev, "Secondary message attachments"): its blocks, or those of a shared message, else
 * its legacy fields, else its `fallback`.
 */
export function readAttachment(attachment: unknown, connection: ConnectionId): BlockContent[] {
  const shared = listAt(attachment, 'message_blocks').flatMap((one) => listAt(one, 'message', 'blocks'));
  const blocks = [...listAt(attachment, 'blocks'), ...shared].flatMap((block) => readBlock(block, connection));
  const read = blocks.length > 0 ? blocks : readParts(attachment, connection);
  if (read.length > 0) return read;
  return readMrkdwn(textAt(attachment, 'fallback') ?? '', connection).children as BlockContent[];
}

function readParts(attachment: unknown, connection: ConnectionId): BlockContent[] {
  const markup = (...path: readonly string[]): BlockContent[] =>
    readMrkdwn(textAt(attachment, ...path) ?? '', connection).children as BlockContent[];
  const link = (name: string, url: string): PhrasingContent[] => {
    const label = textOf(inlineOf(markup(name)));
    return label === '' ? [] : [linked(label, textAt(attachment, url))];
  };
  const image = textAt(attachment, 'image_url') ?? textAt(attachment, 'thumb_url');
  return [
    ...markup('pretext'),
    ...paragraph(...link('author_name', 'author_link')),
    ...paragraph(strong(link('title', 'title_link'))),
    ...markup('text'),
    ...facts(
      listAt(attachment, 'fields').map((field) => ({
        name: textAt(field, 'title'),
        value: inlineOf(readMrkdwn(textAt(field, 'value') ?? '', connection).children),
      })),
    ),
    ...(image === undefined ? [] : picture(image, undefined)),
    ...buttons(listAt(attachment, 'actions').map((one) => ({ label: textAt(one, 'text'), url: textAt(one, 'url') }))),
    ...markup('footer'),
  ];
}

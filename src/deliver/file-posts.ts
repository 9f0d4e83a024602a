import type { Connector, Outgoing, OutgoingFile } from '../connectors/contract/connector.ts';
import { withFiles } from '../connectors/text/files.ts';
import type { Attachment, Message } from '../domain/message.ts';

/** Files that are posted, by their place among the message's. */
export type FilesByPlace = ReadonlyMap<number, Omit<OutgoingFile, 'isAlone'>>;

/** The message with links to files that are not posted. */
export function withLinks(message: Message, files: readonly Attachment[] = message.content.attachments ?? []): Message {
  return { ...message, content: { ...message.content, text: withFiles(message.content.text, files) } };
}

/** Whether the files of a message are posts of their own, so that they must be here before anything of it is sent. */
export function postsItsFiles({ postsFiles }: Connector, { content }: Message, { kind }: Outgoing['action']): boolean {
  return postsFiles === true && (content.attachments ?? []).length > 0 && kind === 'create';
}

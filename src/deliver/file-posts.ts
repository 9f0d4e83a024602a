import type { Connector, Outgoing, OutgoingFile } from '../connectors/contract/connector.ts';
import { appendFileLinks } from '../connectors/text/files.ts';
import type { Attachment, Message } from '../domain/message.ts';

/** Files that become posts of their own, by their index among the message's attachments. */
export type FilesByIndex = ReadonlyMap<number, Omit<OutgoingFile, 'isAlone'>>;

/** The message with links to the files that are not posted. */
export function withLinks(message: Message, files: readonly Attachment[] = message.content.attachments ?? []): Message {
  return { ...message, content: { ...message.content, text: appendFileLinks(message.content.text, files) } };
}

/** Whether the files of a message become posts of their own. Then they must be here before anything of it is sent. */
export function postsItsFiles({ postsFiles }: Connector, { content }: Message, { kind }: Outgoing['action']): boolean {
  return postsFiles === true && (content.attachments ?? []).length > 0 && kind === 'create';
}

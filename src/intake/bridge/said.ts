import type { InboundEvent } from '../../domain/inbound.ts';
import type { Content, Sender } from '../../domain/message.ts';

/** The text and the files of an event as the content of a message. */
export function contentOf({ text = '', files }: InboundEvent): Content {
  return { text, ...(files === undefined ? {} : { attachments: files }) };
}

/**
 * The sender of an event. The native id serves as the name where the platform gives none.
 * @returns null when the event names no sender.
 */
export function senderOf({ sender }: InboundEvent, connection: string, connector: string): Sender | null {
  if (sender === undefined) return null;
  const { id, name = id, email, avatarUrl } = sender;
  return {
    name,
    ...(email === undefined ? {} : { email }),
    ...(avatarUrl === undefined ? {} : { avatarUrl }),
    native: { connection, connector, id },
  };
}

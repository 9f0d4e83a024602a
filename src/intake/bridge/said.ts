import type { InboundEvent } from '../../domain/inbound.ts';
import type { Content, Sender } from '../../domain/message.ts';

/** What was said, as a message holds it. */
export function contentOf({ text = '', files }: InboundEvent): Content {
  return { text, ...(files === undefined ? {} : { attachments: files }) };
}

/** Who said it, by their native id where the platform gives no name. */
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

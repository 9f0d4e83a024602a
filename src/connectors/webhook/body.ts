import type { Json, Message } from '../../domain/message.ts';

/**
 * The body that a receiver gets. Equal messages give equal bytes in every attempt and process: the order of our keys is
 * fixed here, and keys that the author chose are sorted, because the store does not keep their order.
 */
export function webhookBody(message: Message): string {
  return JSON.stringify({
    schemaVersion: message.schemaVersion,
    dataVersion: message.dataVersion,
    id: message.id,
    type: message.type,
    tenant: message.tenant,
    source: message.source,
    occurredAt: message.occurredAt,
    conversation: message.conversation,
    sequence: message.sequence,
    thread: message.thread,
    refersTo: message.refersTo,
    sender: message.sender && {
      name: message.sender.name,
      email: message.sender.email,
      avatarUrl: message.sender.avatarUrl,
    },
    text: message.content.text,
    content: sorted(contentOf(message)),
    labels: sorted(message.labels),
    priority: message.priority,
    correlationId: message.correlationId,
  });
}

/** Leaves out the download URL of each file, which is only for us and the file's platform. */
function contentOf({ content: { attachments, ...content } }: Message): Json {
  if (attachments === undefined) return { ...content };
  return { ...content, attachments: attachments.map(({ url: _secret, ...shown }) => ({ ...shown })) };
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

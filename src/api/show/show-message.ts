import type { SealedContent } from '../../store/db/contents.ts';
import { toEnvelope } from '../../store/db/envelope.ts';
import type { MessageRow, WholeMessage } from '../../store/read/messages.ts';
import type { MessageAnswer, MessageItem } from '../schemas/message.ts';
import { showMessageDelivery } from './show-delivery.ts';

/** A message as it appears in a list, without content. */
export function showMessageItem(row: MessageRow): MessageItem {
  const { workflowId, dedupeKey, version, deletedAt, state } = row;
  return {
    ...toEnvelope(row),
    workflowId,
    dedupeKey,
    version,
    state,
    ...(deletedAt === null ? {} : { deletedAt: deletedAt.toISOString() }),
  };
}

/** A whole message: its content, what was promised when it was accepted, and the current state of its deliveries. */
export function showMessage({ row, said, erasedAt, deliveries }: WholeMessage): MessageAnswer {
  const rested = row.restedAt?.toISOString() ?? null;
  return {
    ...showMessageItem(row),
    sender: said?.sender ?? null,
    // A delete has no content.
    content: said === undefined || row.type === 'message.deleted' ? null : copyContent(said.content),
    ...(erasedAt === null ? {} : { contentErasedAt: erasedAt.toISOString() }),
    deliveries: deliveries.map(showMessageDelivery),
    timeline: {
      accepted: row.receivedAt.toISOString(),
      dispatched: row.dispatchedAt?.toISOString() ?? null,
      firstAttempt: row.firstAttemptAt?.toISOString() ?? null,
      delivered: row.state === 'delivered' ? rested : null,
      rested,
    },
  };
}

/**
 * Copies the content without the URLs from which files are fetched, which are secret. The copy is also not read-only,
 * as the type of the answer requires.
 */
function copyContent({ fields, attachments, ...content }: SealedContent['content']) {
  return {
    ...content,
    ...(fields === undefined ? {} : { fields: { ...fields } }),
    ...(attachments === undefined ? {} : { attachments: attachments.map(({ url: _secret, ...shown }) => shown) }),
  };
}

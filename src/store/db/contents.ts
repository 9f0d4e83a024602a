import type { MessageId } from '../../domain/ids.ts';
import type { Content, Sender } from '../../domain/message.ts';
import { open, seal, type KeyRing } from './key-ring.ts';

/** What is encrypted at rest: everything that a person wrote, and who. */
export interface SealedContent {
  readonly content: Content;
  readonly sender: Sender | null;
}

const place = (message: MessageId, version: number): string => `content ${message}/${version}`;

export function sealContent(ring: KeyRing, message: MessageId, version: number, content: SealedContent): Buffer {
  return seal(ring, place(message, version), JSON.stringify(content));
}

/** What stands for content that was erased. Only final deliveries have it: they are still looked at, and never sent. */
const erased: SealedContent = { content: { text: '' }, sender: null };

/** @param sealed null for a tombstone. */
export function openContent(ring: KeyRing, message: MessageId, version: number, sealed: Buffer | null): SealedContent {
  if (sealed === null) return erased;
  return JSON.parse(open(ring, place(message, version), sealed)) as SealedContent;
}

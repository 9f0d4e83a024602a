import type { MessageId } from '../../domain/ids.ts';
import type { Content, Sender } from '../../domain/message.ts';
import { open, seal, type KeyRing } from './key-ring.ts';

/** The part of a message that is encrypted at rest: everything that a person wrote, and who wrote it. */
export interface SealedContent {
  readonly content: Content;
  readonly sender: Sender | null;
}

const ownerOf = (message: MessageId, version: number): string => `content ${message}/${version}`;

export function sealContent(ring: KeyRing, message: MessageId, version: number, content: SealedContent): Buffer {
  return seal(ring, ownerOf(message, version), JSON.stringify(content));
}

/**
 * Replaces content that housekeeping has erased. Only messages whose deliveries are all final have it, so it is never
 * sent.
 */
const erased: SealedContent = { content: { text: '' }, sender: null };

/**
 * @param sealed null where housekeeping has erased the content.
 * @throws KeyRingError where it cannot be opened.
 */
export function openContent(ring: KeyRing, message: MessageId, version: number, sealed: Buffer | null): SealedContent {
  if (sealed === null) return erased;
  return JSON.parse(open(ring, ownerOf(message, version), sealed)) as SealedContent;
}

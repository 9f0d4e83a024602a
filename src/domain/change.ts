import { isOpen, isParked, type DeliveryState } from './delivery.ts';
import type { Reason } from './failure.ts';
import type { ReasonCode } from './reasons.ts';

/** The delivery, at the same destination, of the message that is edited, deleted or replied to. */
export interface Original {
  readonly state: DeliveryState;
  /** The platform's ids of its posts: one, or one for each part; empty without a receipt. */
  readonly posts: readonly string[];
  /**
   * Hashes of those of its files that went out as the last of its posts, one post each. The posts before them are its
   * text.
   */
  readonly files?: readonly string[];
  /** The newest version of the content that this destination is known to have; null if it has none. */
  readonly shownVersion: number | null;
  /** An attempt of it may have arrived. */
  readonly inDoubt: boolean;
}

export type ChangeKind = 'create' | 'edit' | 'delete' | 'react' | 'unreact';

export type ChangeStep =
  | { readonly do: 'send' }
  /** `skip`: there is nothing to do, finally. `park`: nothing can be done until an operator has found out more. */
  | { readonly do: 'skip' | 'park'; readonly code: ReasonCode; readonly message: string };

/**
 * The reason code of an edit that is parked because its original is. A retry of the original also retries such edits.
 */
export const originalUncertain = 'original_uncertain';

export interface ChangeContext {
  /** The version that an edit would send: the newest one, or the one that the edit is pinned to. */
  readonly version: number;
  /** The platform identifies messages by our ids and needs no receipt. */
  readonly byOurIds: boolean;
  /** An operator asked for this attempt and knows the state of the original. */
  readonly isManual: boolean;
}

const skip = (code: ReasonCode, message: string): ChangeStep => ({ do: 'skip', code, message });

/**
 * Decides what an edit, delete or reaction has to do after its original has come to rest at this destination. Nothing
 * is sent for an original that never went out, and no text is sent twice. If the original may have arrived and cannot
 * be named, the result says so.
 *
 * If the original may have arrived, it is deleted where our ids suffice to name it, because it will never be sent
 * again. It is not edited: if it is sent again, it has the text that it was pinned to, so its edits must come after it.
 */
export function changeStep(
  kind: Exclude<ChangeKind, 'create'>,
  original: Original | undefined,
  { version, byOurIds, isManual }: ChangeContext,
): ChangeStep {
  if (original === undefined) return skip('original_missing', 'The original was never sent here.');
  const { state, posts, shownVersion, inDoubt } = original;
  const isThere = posts.length > 0 && (state === 'delivered' || shownVersion !== null);
  if (!isThere && !(inDoubt && byOurIds && (kind === 'delete' || isManual))) {
    if (inDoubt) {
      const message = 'The original may be there, but it cannot be found, so it cannot be changed.';
      const isPending = kind === 'edit' && isParked(state);
      return { do: isPending ? 'park' : 'skip', code: originalUncertain, message };
    }
    return kind === 'edit' && state === 'parked'
      ? skip('carried_by_original', 'The original is parked, and it has the newest text when it goes out.')
      : skip('original_not_delivered', 'The original never went out here.');
  }
  // The parts that have not gone out yet will have the text that the original was pinned to, so its edits must come
  // after them.
  if (kind === 'edit' && isThere && isParked(state) && !isManual)
    return { do: 'park', code: originalUncertain, message: 'Only a part of the original has arrived.' };
  if (kind === 'edit' && shownVersion !== null && shownVersion >= version)
    return skip('already_current', `Version ${shownVersion} of the text is there already.`);
  return { do: 'send' };
}

/**
 * Decides where a reply goes: into the thread of its parent (of the parent's first part) if the parent arrived,
 * otherwise to the top level with a visible reason.
 */
export function replyStep(parent: Original | undefined): { readonly nativeId: string } | { readonly degraded: Reason } {
  const [first] = parent?.posts ?? [];
  if (first !== undefined) return { nativeId: first };
  const why =
    parent === undefined
      ? 'was never sent here'
      : isOpen(parent.state)
        ? 'has not arrived here in time'
        : `is ${parent.state} here`;
  return {
    degraded: {
      code: 'thread_missing',
      message: `It was posted outside a thread: the message that it replies to ${why}.`,
    },
  };
}

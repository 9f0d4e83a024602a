import { isOpen, isParked, type DeliveryState } from './delivery.ts';
import type { Reason } from './failure.ts';
import type { ReasonCode } from './reasons.ts';

/** The delivery of what is edited, deleted or replied to, at the same destination. */
export interface Original {
  readonly state: DeliveryState;
  /** The platform's ids of the posts that it is there as: one, or one a part; none without a receipt. */
  readonly posts: readonly string[];
  /** By hash, those of its files that are the last of them, a post each; the others are its text. */
  readonly files?: readonly string[];
  /** The newest version of the content that this destination is known to have; null without any. */
  readonly heldVersion: number | null;
  /** An attempt of it may have arrived. */
  readonly inDoubt: boolean;
}

export type ChangeKind = 'create' | 'edit' | 'delete' | 'react' | 'unreact';

export type ChangeStep =
  | { readonly do: 'send' }
  /** Nothing to do, for good; or nothing to be done until somebody has found out more. */
  | { readonly do: 'skip' | 'park'; readonly code: ReasonCode; readonly message: string };

/** Why an edit is parked; a retry of its original takes such edits along. */
export const originalUncertain = 'original_uncertain';

export interface ChangeContext {
  /** Of the content that an edit would send: the newest, or the one that it is pinned to. */
  readonly version: number;
  /** The platform is told by our ids and needs no receipt. */
  readonly byOurIds: boolean;
  /** An operator asked for this attempt, knowing how its original stands. */
  readonly isManual: boolean;
}

const skip = (code: ReasonCode, message: string): ChangeStep => ({ do: 'skip', code, message });

/**
 * What an edit, delete or reaction finds to do, once its original has come to rest at this destination. Nothing is sent for what
 * never went out, and no text twice; what may be there and cannot be named is said to be so.
 *
 * What may have arrived is deleted where our ids suffice for that, since it is never sent again. It is not edited: sent
 * again, the original has the text that it was pinned to, so its edits must come behind it.
 */
export function changeStep(
  kind: Exclude<ChangeKind, 'create'>,
  original: Original | undefined,
  { version, byOurIds, isManual }: ChangeContext,
): ChangeStep {
  if (original === undefined) return skip('original_missing', 'The message that it changes was never sent here.');
  const { state, posts, heldVersion, inDoubt } = original;
  const isThere = posts.length > 0 && (state === 'delivered' || heldVersion !== null);
  if (!isThere && !(inDoubt && byOurIds && (kind === 'delete' || isManual))) {
    if (inDoubt) {
      const message = 'The message that it changes may be there, and cannot be found to be changed.';
      const isPending = kind === 'edit' && isParked(state);
      return { do: isPending ? 'park' : 'skip', code: originalUncertain, message };
    }
    return kind === 'edit' && state === 'parked'
      ? skip('carried_by_original', 'The message that it changes is parked; when it goes out, it has the newest text.')
      : skip('original_not_delivered', 'The message that it changes never went out here.');
  }
  // What is still to come has the text that it was pinned to, and its edits must come behind it.
  if (kind === 'edit' && isThere && isParked(state) && !isManual)
    return { do: 'park', code: originalUncertain, message: 'The message that it changes has arrived in part only.' };
  if (kind === 'edit' && heldVersion !== null && heldVersion >= version)
    return skip('already_current', `Version ${heldVersion} of the text is there already.`);
  return { do: 'send' };
}

/** Where a reply goes: into the thread of its parent, of its first part, where that one is there, else to the top, visibly. */
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
    degraded: { code: 'thread_missing', message: `It stands by itself: the message that it replies to ${why}.` },
  };
}

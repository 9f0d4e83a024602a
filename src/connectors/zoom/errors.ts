import type { ActionKind } from '../contract/connector.ts';
import type { FailureKind, Affected } from '../../domain/failure.ts';
import type { Meaning } from '../http/answer.ts';

interface Row {
  readonly kind: FailureKind;
  readonly affects: Affected;
  readonly codes: readonly number[];
}

/**
 * Codes that stand in the body, `{code, message}`, by what they mean (developers.zoom.us, Team Chat API, "Responses" of
 * Send, Update and Delete a message).
 */
const rows: readonly Row[] = [
  // 300: a parameter that Zoom does not take, or a message that does not exist. 5402: no main message. 5403 and 5405: of
  // files and cards.
  { kind: 'permanent', affects: 'message', codes: [300, 4131, 5402, 5403, 5405] },
  // The channel does not exist, is end-to-end encrypted, or archived; the contact is blocked.
  { kind: 'permanent', affects: 'destination', codes: [4130, 5419, 5420, 5421] },
  // The user that we post as does not exist, or may not chat with anybody.
  { kind: 'permanent', affects: 'connection', codes: [1001, 5418] },
  // "Message sending failed": it does not say at which step.
  { kind: 'ambiguous', affects: 'destination', codes: [5301] },
];

/** What says that a message does not exist: 300 on every call that names one, and 4131. */
const missing = /^zoom_(?:300|4131)$/;

/**
 * What an answer that is no agreement means, as `zoom_<code>`. A code that is not in the table is a rejection all the
 * same, so permanent. Undefined where the status decides: a 5xx proves nothing, whatever stands in it.
 */
export function meaningOf(
  code: number | undefined,
  status: number,
  action: ActionKind | 'look-up',
): Meaning | undefined {
  // Zoom limits posts by channel, and everything by account; only its words say which it was, and those are for people.
  if (status === 429) return { kind: 'transient', code: 'throttled', affects: 'destination' };
  // With a token that was obtained just now: bad credentials would have been refused where it was obtained.
  if (status === 401) return { kind: 'transient', code: 'token_not_accepted', affects: 'connection' };
  if (status < 400 || status >= 500 || code === undefined) return undefined;
  // No permission: to post in this channel, or to change what another user posted.
  if (code === 200)
    return { kind: 'permanent', code: 'zoom_200', affects: action === 'create' ? 'destination' : 'message' };
  const row = rows.find(({ codes }) => codes.includes(code));
  const { kind, affects } = row ?? { kind: 'permanent', affects: 'message' };
  return { kind, code: `zoom_${code}`, affects };
}

/** Refusals that say that it is so already: what is gone is deleted, and has no reaction any more. */
export function isDone(action: ActionKind, code: string): boolean {
  return (action === 'delete' || action === 'unreact') && missing.test(code);
}

/** Refusals of a reply that say that what it replies to is not there, or is no main message (any more). */
export function isWithoutMain(code: string): boolean {
  return missing.test(code) || code === 'zoom_5402';
}

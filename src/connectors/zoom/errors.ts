import type { ActionKind } from '../contract/connector.ts';
import type { FailureKind, Affected } from '../../domain/failure.ts';
import type { Meaning } from '../http/answer.ts';

interface Row {
  readonly kind: FailureKind;
  readonly affects: Affected;
  readonly codes: readonly number[];
}

/**
 * The meaning of the codes in a body `{code, message}` (developers.zoom.us, Team Chat API, "Responses" of Send, Update
 * and Delete a message).
 */
const rows: readonly Row[] = [
  // 300: Zoom does not accept a parameter, or the message does not exist. 5402: not a main message. 5403 and 5405
  // concern files and cards.
  { kind: 'permanent', affects: 'message', codes: [300, 4131, 5402, 5403, 5405] },
  // The channel does not exist, is end-to-end encrypted, or archived; or the contact is blocked.
  { kind: 'permanent', affects: 'destination', codes: [4130, 5419, 5420, 5421] },
  // The user that we post as does not exist, or may not chat with anyone.
  { kind: 'permanent', affects: 'connection', codes: [1001, 5418] },
  // "Message sending failed" does not say at which step.
  { kind: 'ambiguous', affects: 'destination', codes: [5301] },
];

/** The codes which say that a message does not exist: 300 on every call that names a message, and 4131. */
const missing = /^zoom_(?:300|4131)$/;

/**
 * The meaning of an answer that does not agree to the call, as `zoom_<code>`. A code that is not in the table is still
 * a rejection, so it is permanent. Undefined if the status decides: a 5xx proves nothing, whatever its body says.
 */
export function meaningOf(
  code: number | undefined,
  status: number,
  action: ActionKind | 'look-up',
): Meaning | undefined {
  // Zoom limits posts per channel and all calls per account. Only the text of its message says which limit was hit, and
  // texts are for people.
  if (status === 429) return { kind: 'transient', code: 'throttled', affects: 'destination' };
  // The token was obtained just now, and bad credentials would have been refused then.
  if (status === 401) return { kind: 'transient', code: 'token_not_accepted', affects: 'connection' };
  if (status < 400 || status >= 500 || code === undefined) return undefined;
  // The user has no permission to post in this channel, or to change what another user posted.
  if (code === 200)
    return { kind: 'permanent', code: 'zoom_200', affects: action === 'create' ? 'destination' : 'message' };
  const row = rows.find(({ codes }) => codes.includes(code));
  const { kind, affects } = row ?? { kind: 'permanent', affects: 'message' };
  return { kind, code: `zoom_${code}`, affects };
}

/**
 * Whether a refusal means that the wanted state already exists: a message that is gone is deleted and has no reactions.
 */
export function isDone(action: ActionKind, code: string): boolean {
  return (action === 'delete' || action === 'unreact') && missing.test(code);
}

/**
 * Whether Zoom refused a reply because the message that it replies to does not exist, or is no longer a main message.
 */
export function isWithoutMain(code: string): boolean {
  return missing.test(code) || code === 'zoom_5402';
}

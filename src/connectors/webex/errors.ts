import type { Affected } from '../../domain/failure.ts';
import { codeOfStatus, type Meaning } from '../http/answer.ts';

/** The kind of a call. It decides what a refusal affects. */
export type CallKind =
  /** A new message in the destination's room. */
  | 'create'
  /** A new message in a thread of that room. If something is not found, it may be the root. */
  | 'reply'
  /** An edit or a delete. If something is not found, it is the message. */
  | 'change'
  | 'look-up';

/**
 * The meaning of a refusal (developer.webex.com, "REST API Basics", "API Errors"). Undefined if the status alone
 * decides: after a 5xx it is unknown whether the message was accepted.
 */
export function meaningOf(status: number, call: CallKind): Meaning | undefined {
  const code = codeOfStatus(status);
  switch (status) {
    case 401:
      return { kind: 'permanent', code, affects: 'connection' };
    // The account is not a member of the room, or there is no such room. For a reply, perhaps only the root is missing.
    case 403:
    case 404:
      return { kind: 'permanent', code, affects: affectedBy(status, call) };
    case 410:
      return { kind: 'permanent', code, affects: call === 'create' ? 'destination' : 'message' };
    case 400:
    case 405:
    case 409:
    case 413:
    case 415:
      return { kind: 'permanent', code, affects: 'message' };
    // Locked, precondition required, too many requests: Webex accepted none of these. It does not publish to what its
    // limits apply.
    case 423:
    case 428:
    case 429:
      return { kind: 'transient', code, affects: 'destination' };
    default:
      return undefined;
  }
}

function affectedBy(status: 403 | 404, call: CallKind): Affected {
  return call === 'create' || (call === 'reply' && status === 403) ? 'destination' : 'message';
}

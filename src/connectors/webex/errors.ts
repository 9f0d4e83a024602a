import type { Affected } from '../../domain/failure.ts';
import { codeOfStatus, type Meaning } from '../http/answer.ts';

/** What a call is about, which decides whom its refusal speaks of. */
export type CallKind =
  /** A new message in the destination's room. */
  | 'create'
  /** A new message in a thread there: what is not found may be the root. */
  | 'reply'
  /** An edit or a delete: what is not found is the message. */
  | 'change'
  | 'look-up';

/**
 * What a refusal means (developer.webex.com, "REST API Basics", "API Errors"). Undefined where the status alone decides:
 * after a 5xx nobody knows whether the message was taken.
 */
export function meaningOf(status: number, call: CallKind): Meaning | undefined {
  const code = codeOfStatus(status);
  switch (status) {
    case 401:
      return { kind: 'permanent', code, affects: 'connection' };
    // Not a member of the room, or no such room; of a reply perhaps the root alone.
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
    // Locked, precondition, too many: none was taken. How they are counted Webex does not publish.
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

import type { Meaning } from '../http/answer.ts';
import { textAt } from '../http/json-path.ts';

/**
 * What an answer that is no agreement means (google.rpc.Code in `error.status`; the pages of spaces.messages.create, .patch and
 * .delete). Undefined where the status decides: what is not in Google's own form was said by a proxy, and a 5xx proves
 * nothing.
 * @param isCreate a refusal then speaks of the space, else of the one message.
 */
export function meaningOf(status: number, json: unknown, isCreate: boolean): Meaning | undefined {
  if (status < 300) return { kind: 'ambiguous', code: 'bad_response' };
  // Writes are limited by space (developers.google.com/workspace/chat, "Usage limits"); it names no time to wait.
  if (status === 429) return { kind: 'transient', code: 'throttled', affects: 'destination' };
  const affects = isCreate ? 'destination' : 'message';
  switch (status < 500 ? textAt(json, 'error', 'status') : undefined) {
    case 'INVALID_ARGUMENT':
      return { kind: 'permanent', code: 'google_invalid_argument', affects: 'message' };
    case 'FAILED_PRECONDITION':
      return { kind: 'permanent', code: 'google_failed_precondition', affects: 'message' };
    case 'PERMISSION_DENIED':
      return { kind: 'permanent', code: 'google_permission_denied', affects };
    case 'NOT_FOUND':
      return { kind: 'permanent', code: 'google_not_found', affects };
    // A new token was refused, too (`withToken`). It is the account that matters, and that was let in a moment ago.
    case 'UNAUTHENTICATED':
      return { kind: 'transient', code: 'google_unauthenticated', affects: 'connection' };
    default:
      return status === 409 && isCreate ? { kind: 'ambiguous', code: alreadyExists, affects: 'message' } : undefined;
  }
}

/** A message of that name is there: with a name that only we give, our own. */
export const alreadyExists = 'google_already_exists';

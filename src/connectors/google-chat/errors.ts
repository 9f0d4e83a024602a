import type { Meaning } from '../http/answer.ts';
import { textAt } from '../http/json-path.ts';

/**
 * The meaning of an answer that does not agree to the call (google.rpc.Code in `error.status`; the pages of
 * spaces.messages.create, .patch and .delete). Undefined if the status decides: an answer in another form than Google's
 * came from a proxy, and a 5xx proves nothing.
 * @param isCreate true for a POST. A refusal then affects the space, otherwise only the message.
 */
export function meaningOf(status: number, json: unknown, isCreate: boolean): Meaning | undefined {
  if (status < 300) return { kind: 'ambiguous', code: 'bad_response' };
  // Google limits writes per space and does not say how long to wait (developers.google.com/workspace/chat, "Usage
  // limits").
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
    // `withToken` already tried a new token. Google issued that token a moment ago, so the account itself is good and a
    // later attempt may pass.
    case 'UNAUTHENTICATED':
      return { kind: 'transient', code: 'google_unauthenticated', affects: 'connection' };
    default:
      return status === 409 && isCreate ? { kind: 'ambiguous', code: alreadyExists, affects: 'message' } : undefined;
  }
}

/** The message's name is taken. We choose names that nobody else uses, so the message is our own. */
export const alreadyExists = 'google_already_exists';

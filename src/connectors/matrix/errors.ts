import type { FailureKind, Affected } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { Meaning } from '../http/answer.ts';

interface Row {
  readonly kind: FailureKind;
  readonly affects: Affected;
  readonly codes: readonly string[];
}

/** The meaning of `errcode`s (client-server API, "Standard error response" and "Common error codes"). */
const rows: readonly Row[] = [
  {
    kind: 'permanent',
    affects: 'message',
    codes: [
      'M_BAD_JSON',
      'M_NOT_JSON',
      'M_TOO_LARGE',
      'M_INVALID_PARAM',
      'M_MISSING_PARAM',
      'M_NOT_FOUND',
      'M_EXCLUSIVE',
      'M_DUPLICATE_ANNOTATION',
    ],
  },
  {
    kind: 'permanent',
    affects: 'destination',
    codes: ['M_FORBIDDEN', 'M_UNSUPPORTED_ROOM_VERSION', 'M_INCOMPATIBLE_ROOM_VERSION', 'M_GUEST_ACCESS_FORBIDDEN'],
  },
  // These concern the registration or the bot. No request of this connection succeeds until an operator acts.
  {
    kind: 'permanent',
    affects: 'connection',
    codes: [
      'M_UNKNOWN_TOKEN',
      'M_MISSING_TOKEN',
      'M_UNAUTHORIZED',
      'M_USER_SUSPENDED',
      'M_USER_LOCKED',
      'M_USER_DEACTIVATED',
    ],
  },
  // The homeserver has reached a limit that its operator set.
  { kind: 'transient', affects: 'connection', codes: ['M_RESOURCE_LIMIT_EXCEEDED'] },
];

/**
 * The meaning of an answer that does not agree to the call, as `matrix_<errcode>` in lower case without `M_`. An
 * unknown code is still a rejection, so it is permanent, unless the status is a 5xx, which proves nothing. Undefined if
 * the status decides.
 */
export function meaningOf(status: number, errcode: string | undefined): Meaning | undefined {
  if (status === 429 || errcode === 'M_LIMIT_EXCEEDED')
    return { kind: 'transient', code: 'throttled', affects: 'destination' };
  if (errcode === undefined || !/^[A-Z0-9_.]{1,64}$/i.test(errcode))
    return status >= 200 && status < 300 ? { kind: 'ambiguous', code: 'bad_response' } : undefined;
  const code: ReasonCode = `matrix_${errcode.replace(/^M_/, '').toLowerCase()}`;
  const row = rows.find(({ codes }) => codes.includes(errcode));
  if (row !== undefined) return { kind: row.kind, code, affects: row.affects };
  return status >= 300 && status < 500 && status !== 408 ? { kind: 'permanent', code, affects: 'message' } : undefined;
}

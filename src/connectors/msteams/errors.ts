import type { FailureKind, Affected } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { ActionKind } from '../contract/connector.ts';
import type { Meaning } from '../http/answer.ts';

interface Row {
  readonly kind: FailureKind;
  readonly affects: Affected;
  readonly codes: readonly ReasonCode[];
  /** These codes mean that Teams refuses the message's format. */
  readonly isOfFormat?: true;
}

/**
 * The meaning of the bot connector's error codes, in snake case (msteams-docs, "Status codes from bot conversational
 * APIs").
 */
const rows: readonly Row[] = [
  { kind: 'permanent', affects: 'message', isOfFormat: true, codes: ['bad_syntax'] },
  {
    kind: 'permanent',
    affects: 'message',
    codes: ['bad_argument', 'message_size_too_big', 'activity_not_found_in_conversation'],
  },
  {
    kind: 'permanent',
    affects: 'destination',
    codes: [
      'bot_disabled_by_admin',
      'bot_not_in_conversation_roster',
      'conversation_blocked_by_user',
      'forbidden_operation_exception',
      'invalid_bot_api_host',
      'not_enough_permissions',
      'message_writes_blocked',
      'conversation_not_found',
    ],
  },
  { kind: 'permanent', affects: 'connection', codes: ['bot_not_registered'] },
  // Limits apply per bot and thread (msteams-docs, "Optimize your bot with rate limiting").
  { kind: 'transient', affects: 'destination', codes: ['precondition_failed', 'throttled'] },
  { kind: 'ambiguous', affects: 'destination', codes: ['service_error'] },
];

/** For an edit or a delete, these codes concern only our own post. For a new post they concern the conversation. */
const ofOnePost: readonly ReasonCode[] = ['forbidden_operation_exception', 'not_enough_permissions'];

/**
 * The meaning of an answer that does not agree to the call. Undefined if the status decides, as with a 5xx, where the
 * code proves nothing.
 * @param error the `code` of `error` in the body.
 */
export function meaningOf(error: string | undefined, status: number, action: ActionKind): Meaning | undefined {
  // Microsoft's page allows a repetition after 502 to 504, but Teams may have done what was asked.
  if (status >= 500) return error === 'ServiceError' ? { kind: 'ambiguous', code: 'service_error' } : undefined;
  if (status === 429) return { kind: 'transient', code: 'throttled', affects: 'destination' };
  if (status === 412) return { kind: 'transient', code: 'precondition_failed', affects: 'destination' };
  // A new token was refused like the old one, so only an operator can fix this.
  if (status === 401)
    return { kind: 'permanent', code: error === undefined ? 'http_401' : rowOf(error).code, affects: 'connection' };
  if (status >= 200 && status < 300) return { kind: 'ambiguous', code: 'bad_response' };
  if (error === undefined || !/^[A-Za-z]{1,64}$/.test(error)) return undefined;
  const { row, code } = rowOf(error);
  if (row === undefined) return status < 400 ? undefined : { kind: 'permanent', code, affects: 'message' };
  const isOfPost = action !== 'create' && ofOnePost.includes(code);
  const { kind, affects, isOfFormat = false } = row;
  return { kind, code, affects: isOfPost ? 'message' : affects, isOfFormat };
}

/** The row of one of Teams's codes, and the code that is stored: `teams_<code>` where it has no row. */
function rowOf(error: string): { readonly row?: Row; readonly code: ReasonCode } {
  const word = snake(error);
  for (const row of rows) {
    const code = row.codes.find((one) => one === word);
    if (code !== undefined) return { row, code };
  }
  return { code: `teams_${word}` };
}

function snake(code: string): string {
  return code
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 64)
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_')
    .toLowerCase();
}

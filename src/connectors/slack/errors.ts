import type { FailureKind, Affected } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { Meaning } from '../http/answer.ts';

interface Row {
  /** They refuse how it is written. */
  readonly isOfFormat?: true;
  readonly kind: FailureKind;
  readonly affects: Affected;
  readonly codes: readonly ReasonCode[];
}

/**
 * Error codes of the Web API by what they mean (docs.slack.dev: "Errors" of chat.postMessage, chat.update, chat.delete
 * and conversations.replies).
 */
const rows: readonly Row[] = [
  {
    kind: 'permanent',
    affects: 'message',
    isOfFormat: true,
    codes: ['invalid_blocks', 'invalid_blocks_format', 'msg_blocks_too_long'],
  },
  {
    kind: 'permanent',
    affects: 'message',
    codes: [
      'no_text',
      'msg_too_long',
      'too_many_attachments',
      'invalid_arguments',
      'cannot_reply_to_message',
      'thread_not_found',
      'message_not_found',
      'cant_update_message',
      'cant_delete_message',
      'edit_window_closed',
      'already_reacted',
      'no_reaction',
      'invalid_name',
      'too_many_emoji',
      'too_many_reactions',
    ],
  },
  {
    kind: 'permanent',
    affects: 'destination',
    codes: ['channel_not_found', 'not_in_channel', 'is_archived', 'ekm_access_denied', 'users_not_found'],
  },
  // Of the token or the account: nothing of this connection passes until an operator acts.
  {
    kind: 'permanent',
    affects: 'connection',
    codes: [
      'invalid_auth',
      'not_authed',
      'token_revoked',
      'token_expired',
      'account_inactive',
      'missing_scope',
      'org_login_required',
      'access_denied',
    ],
  },
  { kind: 'transient', affects: 'connection', codes: ['service_unavailable', 'team_added_to_org'] },
  {
    kind: 'ambiguous',
    affects: 'destination',
    codes: ['slack_fatal_error', 'slack_internal_error', 'slack_request_timeout'],
  },
];

/**
 * What an answer that is no agreement means. A code that is not in the table is a rejection all the same, so permanent,
 * and shown as `slack_<code>`. Undefined where the status decides, as with a 5xx: an unknown code proves nothing then.
 * @param error what stands in `error` beside `ok: false`.
 */
export function meaningOf(error: string | undefined, status: number): Meaning | undefined {
  // Posts are limited by channel, all else by method and workspace (docs.slack.dev, "Rate limits"). Holding back the
  // connection for the latter would delay posts that Slack would take.
  if (status === 429 || error === 'ratelimited' || error === 'rate_limited')
    return { kind: 'transient', code: 'throttled', affects: 'destination' };
  const word = error !== undefined && /^[a-z0-9_]{1,64}$/.test(error) ? error : undefined;
  if (word === undefined) return status >= 300 ? undefined : { kind: 'ambiguous', code: 'bad_response' };
  for (const { kind, affects, codes, isOfFormat } of rows) {
    const code = codes.find((one) => one === word || one === `slack_${word}`);
    if (code !== undefined) return { kind, code, affects, ...(isOfFormat && { isOfFormat }) };
  }
  // Preferences about who may post where; those on threads let other posts pass.
  if (word.startsWith('restricted_action')) {
    const code = word as `restricted_action${string}`;
    return { kind: 'permanent', code, affects: word.includes('thread') ? 'message' : 'destination' };
  }
  if (word.startsWith('metadata_'))
    return { kind: 'permanent', code: word as `metadata_${string}`, affects: 'message' };
  return status < 500 ? { kind: 'permanent', code: `slack_${word}`, affects: 'message' } : undefined;
}

import type { FailureKind, Affected } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { Meaning } from '../http/answer.ts';

interface Row {
  /** These codes mean that Slack refuses the message's format. */
  readonly isOfFormat?: true;
  readonly kind: FailureKind;
  readonly affects: Affected;
  readonly codes: readonly ReasonCode[];
}

/**
 * The meaning of the Web API's error codes (docs.slack.dev: "Errors" of chat.postMessage, chat.update, chat.delete and
 * conversations.replies).
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
  // These concern the token or the account. No request of this connection succeeds until an operator acts.
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
 * The meaning of an answer that does not agree to the call. A code that is not in the table is still a rejection, so it
 * is permanent and shown as `slack_<code>`. Undefined if the status decides, as with a 5xx, where an unknown code
 * proves nothing.
 * @param error the value of `error` in an answer with `ok: false`.
 */
export function meaningOf(error: string | undefined, status: number): Meaning | undefined {
  // Slack limits posts per channel, and everything else per method and workspace (docs.slack.dev, "Rate limits").
  // Holding back the whole connection for the latter would delay posts that Slack would accept.
  if (status === 429 || error === 'ratelimited' || error === 'rate_limited')
    return { kind: 'transient', code: 'throttled', affects: 'destination' };
  const word = error !== undefined && /^[a-z0-9_]{1,64}$/.test(error) ? error : undefined;
  if (word === undefined) return status >= 300 ? undefined : { kind: 'ambiguous', code: 'bad_response' };
  for (const { kind, affects, codes, isOfFormat } of rows) {
    const code = codes.find((one) => one === word || one === `slack_${word}`);
    if (code !== undefined) return { kind, code, affects, ...(isOfFormat && { isOfFormat }) };
  }
  // Workspace preferences about who may post where. Those on threads do not affect other posts.
  if (word.startsWith('restricted_action')) {
    const code = word as `restricted_action${string}`;
    return { kind: 'permanent', code, affects: word.includes('thread') ? 'message' : 'destination' };
  }
  if (word.startsWith('metadata_'))
    return { kind: 'permanent', code: word as `metadata_${string}`, affects: 'message' };
  return status < 500 ? { kind: 'permanent', code: `slack_${word}`, affects: 'message' } : undefined;
}

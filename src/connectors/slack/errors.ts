import type { FailureKind } from '../../domain/failure.ts';

/** Error codes of the Web API by what they mean for a post (docs.slack.dev: chat.postMessage, "Errors"). */
const kinds: Readonly<Record<'permanent' | 'auth' | 'transient' | 'ambiguous', readonly string[]>> = {
  permanent: [
    'channel_not_found',
    'not_in_channel',
    'is_archived',
    'no_text',
    'invalid_blocks',
    'invalid_blocks_format',
    'msg_blocks_too_long',
    'msg_too_long',
    'too_many_attachments',
    'invalid_arguments',
    'cannot_reply_to_message',
    'message_not_found',
    'cant_update_message',
    'cant_delete_message',
    'edit_window_closed',
    'ekm_access_denied',
    'users_not_found',
  ],
  /** No message of this connection will pass until an operator acts. */
  auth: [
    'invalid_auth',
    'not_authed',
    'token_revoked',
    'token_expired',
    'account_inactive',
    'missing_scope',
    'org_login_required',
    'access_denied',
  ],
  transient: ['ratelimited', 'rate_limited', 'service_unavailable', 'team_added_to_org'],
  ambiguous: ['fatal_error', 'internal_error', 'request_timeout'],
};
const permanentPrefixes = ['restricted_action', 'metadata_'];

export interface SlackRejection {
  readonly kind: FailureKind;
  readonly code: string;
}

/**
 * What `ok: false` means. A code that is not in the table is a rejection all the same, so permanent, and shown as
 * `slack_<code>`; undefined where the text is no code at all.
 * @param status a 5xx with an unknown code proves nothing, so that is left to the status.
 */
export function rejectionOf(error: string, status: number): SlackRejection | undefined {
  if (!/^[a-z0-9_]{1,64}$/.test(error)) return undefined;
  if (kinds.ambiguous.includes(error)) return { kind: 'ambiguous', code: error };
  if (kinds.transient.includes(error)) return { kind: 'transient', code: error };
  if (kinds.permanent.includes(error) || kinds.auth.includes(error)) return { kind: 'permanent', code: error };
  if (permanentPrefixes.some((prefix) => error.startsWith(prefix))) return { kind: 'permanent', code: error };
  return status < 500 ? { kind: 'permanent', code: `slack_${error}` } : undefined;
}

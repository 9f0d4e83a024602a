import type { FailureKind, Affected } from '../../domain/failure.ts';
import type { ActionKind } from '../contract/connector.ts';
import type { Meaning } from '../http/answer.ts';

interface Row {
  readonly kind: FailureKind;
  readonly affects: Affected;
  readonly codes: readonly string[];
  /** These codes mean that Teams refuses the message's format. */
  readonly isOfFormat?: true;
}

/** The meaning of the bot connector's error codes (msteams-docs, "Status codes from bot conversational APIs"). */
const rows: readonly Row[] = [
  { kind: 'permanent', affects: 'message', isOfFormat: true, codes: ['BadSyntax'] },
  {
    kind: 'permanent',
    affects: 'message',
    codes: ['BadArgument', 'MessageSizeTooBig', 'ActivityNotFoundInConversation'],
  },
  {
    kind: 'permanent',
    affects: 'destination',
    codes: [
      'BotDisabledByAdmin',
      'BotNotInConversationRoster',
      'ConversationBlockedByUser',
      'ForbiddenOperationException',
      'InvalidBotApiHost',
      'NotEnoughPermissions',
      'MessageWritesBlocked',
      'ConversationNotFound',
    ],
  },
  { kind: 'permanent', affects: 'connection', codes: ['BotNotRegistered'] },
  // Limits apply per bot and thread (msteams-docs, "Optimize your bot with rate limiting").
  { kind: 'transient', affects: 'destination', codes: ['PreconditionFailed', 'Throttled'] },
  { kind: 'ambiguous', affects: 'destination', codes: ['ServiceError'] },
];

/** For an edit or a delete, these codes concern only our own post. For a new post they concern the conversation. */
const ofOnePost = ['ForbiddenOperationException', 'NotEnoughPermissions'];

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
    return { kind: 'permanent', code: error === undefined ? 'unauthorized' : snake(error), affects: 'connection' };
  if (status >= 200 && status < 300) return { kind: 'ambiguous', code: 'bad_response' };
  if (error === undefined || !/^[A-Za-z]{1,64}$/.test(error)) return undefined;
  const row = rows.find(({ codes }) => codes.includes(error));
  if (row === undefined)
    return status < 400 ? undefined : { kind: 'permanent', code: `teams_${snake(error)}`, affects: 'message' };
  const isOfPost = action !== 'create' && ofOnePost.includes(error);
  const { kind, affects, isOfFormat = false } = row;
  return { kind, code: snake(error), affects: isOfPost ? 'message' : affects, isOfFormat };
}

function snake(code: string): string {
  return code
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 64)
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_')
    .toLowerCase();
}

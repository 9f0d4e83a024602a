import { group } from './entry.ts';

/** Codes of Teams's bot connector in snake case, and those of Microsoft Graph. */
export const teamsReasons = group(
  { kind: 'failure', affects: 'destination', connectors: ['msteams'] },
  {
    'teams_*': {
      affects: 'message',
      meaning: 'Teams refused the call with a code of its own; beside a 401 it means the connection.',
      cause: 'Microsoft’s page on the status codes of bots explains the code.',
      action: 'Read that page, cure the cause, then retry or cancel.',
    },
    'graph_*': {
      affects: 'message',
      meaning: 'Microsoft Graph refused the call with a code of its own; beside a 401 it means the connection.',
      cause: 'The app lacks a permission of Graph, or what is asked for is gone.',
      action: 'Grant the permissions that the page of the connector lists, with the consent of an administrator.',
    },
    graph_validationerror: {
      kind: 'subscription',
      meaning: 'Microsoft Graph could not verify the hook that a subscription names.',
      cause: 'Graph does not reach `CARILLON_PUBLIC_URL` from outside, or no `api` process was running.',
      action: 'Make the address reachable. Carillon tries again.',
    },
    bad_syntax: {
      affects: 'message',
      meaning: 'Teams refuses how the post is written.',
      cause: 'Teams does not take the markup, and it refused the text without its markup, too.',
      action: 'Report it with the text, then cancel.',
    },
    bad_argument: {
      affects: 'message',
      meaning: 'Teams refuses an argument of the call.',
      cause: 'The address of the destination cannot be read by Teams.',
      action: 'Check the address of the destination, then retry.',
    },
    message_size_too_big: {
      affects: 'message',
      meaning: 'The post is too large for Teams.',
      cause: 'The text is long and has much markup.',
      action: 'Send a shorter text.',
    },
    activity_not_found_in_conversation: {
      affects: 'message',
      meaning: 'The post that is to be changed or answered is not there any more.',
      cause: 'A person deleted it.',
      action: 'Cancel the delivery.',
    },
    bot_disabled_by_admin: {
      meaning: 'An administrator of the tenant blocked the bot.',
      cause: 'A policy for apps in the Teams admin center forbids it.',
      action: 'Have the app allowed, resume the destination, then retry.',
    },
    bot_not_in_conversation_roster: {
      meaning: 'The bot is no member of the team or the chat.',
      cause: 'The app was not added, or was removed.',
      action: 'Add the app to the team or the chat, resume the destination, then retry.',
    },
    conversation_blocked_by_user: {
      meaning: 'The person blocked the bot.',
      cause: 'A person blocked or muted the app in their chat with it.',
      action: 'Ask the person, resume the destination, then retry.',
    },
    forbidden_operation_exception: {
      meaning: 'The bot may not do this here; of an edit or a delete it speaks of that post only.',
      cause: 'The settings of the team or the channel forbid it.',
      action: 'Change the settings, resume the destination, then retry.',
    },
    invalid_bot_api_host: {
      meaning: 'The conversation is served by another host of Teams.',
      cause: '`serviceUrl` of the connection is that of another region or cloud.',
      action: 'Correct `serviceUrl`, resume the destination, then retry.',
    },
    not_enough_permissions: {
      meaning: 'The bot lacks a permission here; of an edit or a delete it speaks of that post only.',
      cause: 'The settings of the team or the channel limit who may post.',
      action: 'Grant the permission, resume the destination, then retry.',
    },
    message_writes_blocked: {
      meaning: 'The conversation is closed for new posts at the moment.',
      cause: 'The team is archived, or the chat is closed.',
      action: 'Open it or name another conversation, resume the destination, then retry.',
    },
    conversation_not_found: {
      meaning: 'The conversation does not exist.',
      cause: 'The id in the address is wrong, or the channel was deleted.',
      action: 'Correct the destination, resume it, then retry.',
    },
    bot_not_registered: {
      affects: 'connection',
      meaning: 'Microsoft does not know the bot.',
      cause: 'The Azure Bot was deleted, or `appId` is wrong.',
      action: 'Correct `appId` or register the bot, resume the connection, then retry.',
    },
    precondition_failed: {
      meaning: 'Teams works on another change of the conversation at this moment.',
      cause: 'Several posts or edits came at once.',
      action: 'Do nothing. Carillon tries again.',
    },
    service_error: {
      meaning: 'Teams failed, and may have done what was asked.',
      cause: 'Microsoft has trouble.',
      action: 'Look at the conversation if the delivery ends as `uncertain`.',
    },
  },
);

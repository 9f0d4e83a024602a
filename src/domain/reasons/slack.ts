import { group } from './entry.ts';

/** Slack's own words for what is wrong with one post. */
export const slackPostReasons = group(
  { kind: 'failure', affects: 'message', connectors: ['slack'] },
  {
    invalid_blocks: {
      meaning: 'Slack refuses how the post is written.',
      cause: 'Slack does not take the markup, and it refused the text without its markup, too.',
      action: 'Report it with the text, then cancel.',
    },
    invalid_blocks_format: {
      meaning: 'Slack refuses how the post is written.',
      cause: 'Slack does not take the markup, and it refused the text without its markup, too.',
      action: 'Report it with the text, then cancel.',
    },
    msg_blocks_too_long: {
      meaning: 'The post with its markup is too long for Slack.',
      cause: 'The text is long and has much markup.',
      action: 'Send a shorter text.',
    },
    msg_too_long: {
      meaning: 'The post is too long for Slack.',
      cause: 'The text is long.',
      action: 'Send a shorter text.',
    },
    too_many_attachments: {
      meaning: 'The post has more attachments than Slack takes.',
      cause: 'Slack limits the number of attachments.',
      action: 'Send fewer of them in one message.',
    },
    invalid_arguments: {
      meaning: 'Slack refuses an argument of the call.',
      cause: 'Slack cannot read the address of the destination, or Carillon has a defect.',
      action: 'Check the address of the destination; read the excerpt of the attempt.',
    },
    cannot_reply_to_message: {
      meaning: 'Slack takes no replies to this message.',
      cause: 'The start of the thread is a message of Slack itself, or replies are closed.',
      action: 'Cancel the delivery.',
    },
    thread_not_found: {
      meaning: 'The thread is not there any more.',
      cause: 'Its first message was deleted.',
      action: 'Cancel the delivery. After a look-up, look at the channel first: the post may be there.',
    },
    message_not_found: {
      meaning: 'The message that is to be changed is not there any more.',
      cause: 'A person deleted it.',
      action: 'Cancel the delivery.',
    },
    cant_update_message: {
      meaning: 'Slack does not let the app edit this message.',
      cause: 'The message was posted by another app or user.',
      action: 'Cancel the delivery. Check that the bot token is still that of the same app.',
    },
    cant_delete_message: {
      meaning: 'Slack does not let the app delete this message.',
      cause: 'The message was posted by another app, or the workspace forbids deletes.',
      action: 'Delete it by hand, then cancel.',
    },
    edit_window_closed: {
      meaning: 'The message is too old to be edited.',
      cause: 'The workspace limits the time for edits.',
      action: 'Cancel the delivery, or post a correction.',
    },
    already_reacted: {
      meaning: 'The reaction is there already.',
      cause: 'An earlier attempt set it.',
      action: 'Do nothing. Carillon counts it as delivered.',
    },
    no_reaction: {
      meaning: 'The reaction is not there any more.',
      cause: 'An earlier attempt took it away.',
      action: 'Do nothing. Carillon counts it as delivered.',
    },
    invalid_name: {
      meaning: 'Slack has no emoji of this name.',
      cause: 'The emoji is a custom one of another workspace or platform.',
      action: 'Cancel the delivery.',
    },
    too_many_emoji: {
      meaning: 'The message has as many different reactions as Slack takes.',
      cause: 'Slack limits their number.',
      action: 'Cancel the delivery.',
    },
    too_many_reactions: {
      meaning: 'The app has as many reactions on the message as Slack takes.',
      cause: 'Slack limits their number.',
      action: 'Cancel the delivery.',
    },
    'metadata_*': {
      meaning: 'Slack refuses the metadata of the post, in which Carillon keeps its mark.',
      cause: 'Slack changed its limits, or Carillon has a defect.',
      action: 'Report it with the excerpt of the attempt.',
    },
    'slack_*': {
      meaning: 'Slack refused the call with a word of its own that stands behind the `slack_`.',
      cause: 'Slack’s page of the method explains the word.',
      action: 'Read that page, cure the cause, then retry or cancel.',
    },
    share_unseen: {
      meaning: 'Slack took a file and did not show it in the channel in time.',
      cause: 'Slack works off uploads later, and sometimes much later.',
      action: 'Do nothing. Carillon looks for it.',
    },
  },
);

/** Slack's own words for what is wrong with a channel, the app or Slack. */
export const slackAccessReasons = group(
  { kind: 'failure', affects: 'connection', connectors: ['slack'] },
  {
    channel_not_found: {
      affects: 'destination',
      meaning: 'The channel does not exist, or the app cannot see it.',
      cause: 'The channel id is wrong, or a private channel has not invited the app.',
      action: 'Correct the channel or invite the app, resume the destination, then retry.',
    },
    not_in_channel: {
      affects: 'destination',
      meaning: 'The app is no member of the channel.',
      cause: 'The app was not invited, or was removed.',
      action: 'Invite the app to the channel, resume the destination, then retry.',
    },
    is_archived: {
      affects: 'destination',
      meaning: 'The channel is archived.',
      cause: 'A person archived it.',
      action: 'Unarchive it or name another channel, resume the destination, then retry.',
    },
    ekm_access_denied: {
      affects: 'destination',
      meaning: 'The keys of the workspace do not allow posts to this channel now.',
      cause: 'An administrator suspended the keys of Slack’s Enterprise Key Management.',
      action: 'Ask the administrator, resume the destination, then retry.',
    },
    users_not_found: {
      affects: 'destination',
      meaning: 'The person whom the destination names is not known in the workspace.',
      cause: 'The id is wrong, or the person has left.',
      action: 'Correct the destination, resume it, then retry.',
    },
    'restricted_action*': {
      affects: 'destination',
      meaning: 'A preference of the workspace forbids the app to post here; `…thread…` means in threads only.',
      cause: 'An administrator limited who may post in the channel or in its threads.',
      action: 'Have the app allowed, resume the destination, then retry.',
    },
    invalid_auth: {
      meaning: 'Slack does not know the token.',
      cause: 'The bot token is wrong, or belongs to another workspace.',
      action: 'Set the token of the app in the connection, resume it, then retry.',
    },
    not_authed: {
      meaning: 'The call came without a token.',
      cause: 'The bot token in the connection is empty, or a proxy took the header away.',
      action: 'Set the token of the app in the connection, resume it, then retry.',
    },
    token_revoked: {
      meaning: 'The token was revoked.',
      cause: 'The app was removed from the workspace, or its token was revoked.',
      action: 'Install the app again, set its new token in the connection, resume it, then retry.',
    },
    token_expired: {
      meaning: 'The token has expired.',
      cause: 'The app has token rotation switched on, which Carillon does not do.',
      action: 'Switch token rotation off, set the new token in the connection, resume it, then retry.',
    },
    account_inactive: {
      meaning: 'The app or its workspace is switched off.',
      cause: 'The app was uninstalled, or the workspace was closed.',
      action: 'Install the app again, set its new token in the connection, resume it, then retry.',
    },
    missing_scope: {
      meaning: 'The token lacks a scope; of a file or a look-up it speaks of that message only.',
      cause: 'The app was installed before Carillon needed the scope.',
      action: 'Add the scopes that the page of the connector lists, install the app again, then retry.',
    },
    org_login_required: {
      meaning: 'The workspace is being moved to an Enterprise organisation.',
      cause: 'Slack migrates the workspace.',
      action: 'Wait until it is over, resume the connection, then retry.',
    },
    service_unavailable: {
      meaning: 'Slack is not available.',
      cause: 'Slack has an outage.',
      action: 'Do nothing. Carillon tries again.',
    },
    team_added_to_org: {
      meaning: 'The workspace has just joined an Enterprise organisation, and Slack works on that.',
      cause: 'Slack migrates the workspace.',
      action: 'Do nothing. Carillon tries again.',
    },
    slack_fatal_error: {
      affects: 'destination',
      meaning: 'Slack failed, and may have done what was asked.',
      cause: 'Slack has trouble.',
      action: 'Do nothing. Carillon looks for the post, then tries again.',
    },
    slack_internal_error: {
      affects: 'destination',
      meaning: 'Slack failed, and may have done what was asked.',
      cause: 'Slack has trouble.',
      action: 'Do nothing. Carillon looks for the post, then tries again.',
    },
    slack_request_timeout: {
      affects: 'destination',
      meaning: 'Slack did not get the whole call in time, and may have done what was asked.',
      cause: 'The network from the worker to Slack is slow.',
      action: 'Do nothing. Carillon looks for the post, then tries again.',
    },
  },
);

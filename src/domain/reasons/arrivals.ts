import { group } from './entry.ts';

/** Why something that came in from a platform became no message. */
export const arrivalReasons = group(
  { kind: 'event', affects: 'message', action: 'Do nothing.' },
  {
    not_bridged: {
      affects: 'destination',
      meaning: 'No bridge has this room.',
      cause: 'The bot is in a room that is no member of a bridge, or the bridge was deleted.',
      action: 'Add the room to a bridge if it should be bridged, or take the bot out of it.',
    },
    own_post: {
      meaning: 'Carillon posted it, so it is not bridged again.',
      cause: 'Platforms send posts back to the app that made them.',
    },
    bot_post: {
      meaning: 'A bot or another program posted it. Two programs that answer each other would never end.',
      cause: 'Another app posts in the room.',
    },
    no_content: {
      meaning: 'It has neither text nor files.',
      cause: 'It is a bare card, or only mentions the bot.',
    },
    no_edit: {
      meaning: 'The platform changed the message by itself, and no person did.',
      cause: 'A link got its preview, or a reply was counted.',
    },
    thread_unknown: {
      meaning: 'It replies to something that Carillon does not know, so it was bridged without its thread.',
      cause: 'The start of the thread is older than the bridge, or was not bridged.',
    },
    copy_changed: {
      meaning: 'A copy that Carillon posted was changed; changes follow the original only.',
      cause: 'A person edited or deleted the copy in one room.',
      action: 'Change the original if all rooms should follow.',
    },
    older_edit: {
      meaning: 'A newer edit of the same message came before it.',
      cause: 'The platform sent events out of order.',
    },
    original_deleted: {
      meaning: 'The message that it changes is deleted.',
      cause: 'An edit or a reaction crossed with a delete.',
    },
    original_unknown: {
      meaning: 'The message that it changes never came, or is too old to be known.',
      cause: 'The message is older than the bridge, or was not bridged.',
    },
    same_reaction: {
      meaning: 'Other people react with the same emoji, so nothing changes in the other rooms.',
      cause: 'The reactions of several people are one reaction of Carillon.',
    },
    connection_deleted: {
      affects: 'connection',
      meaning: 'The connection is gone, and with it the way to fetch the content.',
      cause: 'The connection was deleted while its events were on their way.',
    },
    gone: {
      meaning: 'The message was deleted before Carillon had fetched its content.',
      cause: 'The person deleted it at once.',
    },
    content_refused: {
      meaning: 'The platform does not let Carillon read the content of the message.',
      cause: 'The app lacks a permission, or was taken out of the room.',
      action: 'Grant the permissions that the page of the connector lists.',
    },
    told_apart: {
      meaning: 'The event stood for several, which are stored as events of their own.',
      cause: 'The platform told of a message without saying what happened to it.',
    },
    replayed: {
      meaning: 'The request from quarantine was read once more, and understood.',
      cause: 'An operator asked for it after an upgrade.',
    },
    unreadable: {
      meaning: 'A request of the platform was genuine and could not be understood. It is in quarantine.',
      cause: 'The platform changed its format, or sends something new.',
      action: 'Upgrade, then replay it from quarantine; or report it.',
    },
    unreadable_event: {
      connectors: ['matrix'],
      meaning: 'The event lacks something that every such event has.',
      cause: 'A client or a homeserver wrote a malformed event.',
    },
    unsupported_event: {
      meaning: 'Events of this type are not bridged.',
      cause: 'The event is about the room, such as a topic or a person who joined.',
    },
    unsupported_emoji: {
      connectors: ['matrix'],
      meaning: 'The reaction is no emoji that other platforms could show.',
      cause: 'The reaction is an image or a text.',
    },
    encrypted: {
      connectors: ['matrix'],
      affects: 'destination',
      meaning: 'The message is encrypted, and Carillon cannot read it.',
      cause: 'The room has encryption switched on.',
      action: 'Bridge a room without encryption.',
    },
    other_channel: {
      connectors: ['msteams'],
      meaning: 'The activity comes from another service than Teams.',
      cause: 'The bot is connected to another channel of the Bot Framework, such as the web chat.',
    },
    message_restored: {
      connectors: ['msteams'],
      meaning: 'A deleted message was restored; its copies stay deleted.',
      cause: 'A person undid the delete.',
    },
    bad_client_state: {
      connectors: ['msteams'],
      affects: 'connection',
      meaning: 'A notification carries another `clientState` than Carillon asked for.',
      cause: 'The notification belongs to another subscription, or is forged.',
    },
    subscription_lifecycle: {
      connectors: ['msteams', 'google-chat'],
      affects: 'connection',
      meaning: 'The platform tells of a subscription; Carillon looks after it at once.',
      cause: 'A subscription ends soon, or has ended.',
    },
    direct_message: {
      connectors: ['zoom'],
      meaning: 'The message is from a conversation of two people, which cannot be bridged.',
      cause: 'A person wrote to the user of the connection.',
    },
    legacy_event: {
      connectors: ['zoom'],
      meaning: 'The event tells once more what a newer event tells.',
      cause: 'The app subscribed to the older events, too.',
      action: 'Take the events `chat_message.…` out of the app.',
    },
    file_event: {
      connectors: ['zoom'],
      meaning: 'The event tells of a file that the event of its message names, too.',
      cause: 'The app subscribed to the events of files.',
      action: 'Take the events `team_chat.file_…` out of the app.',
    },
  },
);

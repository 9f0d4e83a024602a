import { group } from './entry.ts';

/** Failures that connectors of several platforms name alike, and those of the files that come with messages. */
export const sendingReasons = group(
  { kind: 'failure', affects: 'message' },
  {
    no_text: {
      meaning: 'The message has no text to post.',
      cause: 'The text is empty, or holds nothing that this platform can show.',
      action: 'Cancel the delivery, or edit the message.',
    },
    not_supported: {
      meaning: 'The platform has no call for this action.',
      cause: 'A reaction went to a platform where an app cannot react.',
      action: 'Cancel the delivery.',
    },
    invalid_id: {
      connectors: ['webhook'],
      meaning: 'The id of the delivery cannot be a `webhook-id`, because it holds a dot.',
      cause: 'Carillon has a defect.',
      action: 'Report it.',
    },
    invalid_native_id: {
      meaning: 'The receipt of the original names no post of this platform.',
      cause: 'The destination was moved to a connection of another platform after the original went out.',
      action: 'Cancel the delivery. Post the change by hand if it matters.',
    },
    unknown_emoji: {
      connectors: ['slack', 'zoom'],
      meaning: 'The platform has no such emoji.',
      cause: 'The emoji is a custom one of another platform.',
      action: 'Cancel the delivery.',
    },
    message_gone: {
      connectors: ['matrix'],
      meaning: 'The post that is to be edited is not there any more.',
      cause: 'A person redacted it.',
      action: 'Cancel the delivery.',
    },
    look_up_unfinished: {
      connectors: ['slack', 'zoom', 'msteams', 'matrix'],
      meaning: 'A list of the platform, such as a history, was not read to its end in time.',
      cause: 'The room is busy, or the platform is slow.',
      action: 'Do nothing. Carillon looks again.',
    },
    look_up_unreadable: {
      connectors: ['slack', 'zoom'],
      meaning: 'The history does not show which delivery a post belongs to.',
      cause: 'The platform took the mark of Carillon out of a post.',
      action: 'Carillon looks again. If the delivery ends as `uncertain`, look at the room, then cancel or retry.',
    },
    history_unfinished: {
      affects: 'destination',
      meaning: 'A history holds more than Carillon reads at once, or was not read to its end in time.',
      cause: 'The room is busy, and Carillon was down for long.',
      action: 'Do nothing. Carillon reads again. The report of the gap says what is missing in the end.',
    },
    strange_page: {
      connectors: ['webex', 'msteams'],
      meaning: 'A list of the platform goes on at another server, where the token must not go.',
      cause: 'A proxy rewrites addresses, or a URL in the settings of the connection is wrong.',
      action: 'Correct the URLs in the connection.',
    },
  },
);

export const fileReasons = group(
  { kind: 'file', affects: 'message' },
  {
    file_elsewhere: {
      meaning: 'The file lies somewhere else than at its platform, or has no address.',
      cause: 'It was shared from another store, such as Google Drive.',
      action: 'Do nothing. The file is linked.',
    },
    files_off: {
      meaning: 'This installation hands on no files.',
      cause: '`CARILLON_FILES_MAX` is 0.',
      action: 'Set `CARILLON_FILES_MAX` if files are wanted.',
    },
    file_type_refused: {
      meaning: 'Files of this type are not handed on here.',
      cause: '`CARILLON_FILES_TYPES` or `CARILLON_FILES_TYPES_REFUSED` leaves it out.',
      action: 'Change these settings if the type is wanted.',
    },
    file_too_large: {
      meaning: 'The file is larger than what is handed on.',
      cause: '`CARILLON_FILES_MAX` is smaller than the file.',
      action: 'Raise `CARILLON_FILES_MAX` if such files are wanted.',
    },
    file_empty: {
      meaning: 'The file is empty.',
      cause: 'It was uploaded so, or its platform lost it.',
      action: 'Do nothing.',
    },
    file_infected: {
      connectors: ['webex'],
      meaning: 'Webex found malware in the file.',
      cause: 'The file is infected.',
      action: 'Tell the person who sent it.',
    },
    file_being_scanned: {
      connectors: ['webex'],
      meaning: 'Webex still looks for malware in the file.',
      cause: 'The scan takes longer than Carillon waits.',
      action: 'Do nothing. Carillon tries again for half a minute, then links the file.',
    },
    file_unscannable: {
      connectors: ['webex'],
      meaning: 'Webex cannot look into the file.',
      cause: 'The file is encrypted.',
      action: 'Do nothing. The file is linked.',
    },
  },
);

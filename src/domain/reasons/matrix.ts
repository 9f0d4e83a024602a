import { group } from './entry.ts';

/** Matrix's error codes in lower case, `matrix_` in place of their `M_`. */
export const matrixReasons = group(
  { kind: 'failure', affects: 'message', connectors: ['matrix'] },
  {
    'matrix_*': {
      meaning: 'The homeserver refused the call with an `M_` code of its own.',
      cause: 'The Matrix specification or the page of the homeserver explains the code.',
      action: 'Read that page, cure the cause, then retry or cancel.',
    },
    matrix_bad_json: {
      meaning: 'The homeserver cannot use the JSON of the call.',
      cause: 'Carillon has a defect, or the homeserver is stricter than the specification.',
      action: 'Report it with the excerpt of the attempt.',
    },
    matrix_not_json: {
      meaning: 'The homeserver cannot read the call as JSON.',
      cause: 'A proxy before the homeserver changed the body.',
      action: 'Check the proxy, then retry.',
    },
    matrix_too_large: {
      meaning: 'The event or the file is too large for the homeserver.',
      cause: 'An event has at most 64 KiB; a file has the limit of the homeserver.',
      action: 'Send a shorter text, or raise the limit for files at the homeserver.',
    },
    matrix_invalid_param: {
      meaning: 'The homeserver refuses a parameter of the call.',
      cause: 'The address of the destination is not valid at this homeserver.',
      action: 'Check the room id of the destination, then retry.',
    },
    matrix_missing_param: {
      meaning: 'The homeserver misses a parameter of the call.',
      cause: 'Carillon has a defect, or a proxy drops queries.',
      action: 'Check the proxy; else report it with the excerpt of the attempt.',
    },
    matrix_not_found: {
      meaning: 'The homeserver does not know what the call names.',
      cause: 'The event that is changed or answered is gone, or the room id is wrong.',
      action: 'Check the room id of the destination, then retry; or cancel.',
    },
    matrix_exclusive: {
      meaning: 'The name that Carillon wants is reserved for another application service.',
      cause: 'The namespaces of two registrations overlap.',
      action: 'Correct the registrations at the homeserver, then retry.',
    },
    matrix_duplicate_annotation: {
      meaning: 'The reaction is there already.',
      cause: 'An earlier attempt set it.',
      action: 'Do nothing. Carillon counts it as delivered.',
    },
    matrix_forbidden: {
      affects: 'destination',
      meaning: 'The sender may not post in the room.',
      cause: 'The bot is no member of the room, was banned, or has too little power.',
      action: 'Invite the bot to the room or raise its power, resume the destination, then retry.',
    },
    matrix_unsupported_room_version: {
      affects: 'destination',
      meaning: 'The homeserver cannot join rooms of this version.',
      cause: 'The homeserver is older than the room.',
      action: 'Upgrade the homeserver or bridge another room, resume the destination, then retry.',
    },
    matrix_incompatible_room_version: {
      affects: 'destination',
      meaning: 'The homeserver cannot join rooms of this version.',
      cause: 'The homeserver is older than the room.',
      action: 'Upgrade the homeserver or bridge another room, resume the destination, then retry.',
    },
    matrix_guest_access_forbidden: {
      affects: 'destination',
      meaning: 'The room takes no guests.',
      cause: 'The bot has a guest account.',
      action: 'Invite the bot to the room, resume the destination, then retry.',
    },
    matrix_unknown_token: {
      affects: 'connection',
      meaning: 'The homeserver does not know the `as_token`.',
      cause: 'The registration was removed or changed, or the homeserver has not read it.',
      action: 'Compare the registration with the connection, restart the homeserver, resume the connection.',
    },
    matrix_missing_token: {
      affects: 'connection',
      meaning: 'The call came without a token.',
      cause: 'A proxy before the homeserver took the header away.',
      action: 'Check the proxy, resume the connection, then retry.',
    },
    matrix_unauthorized: {
      affects: 'connection',
      meaning: 'The homeserver does not let the application service in.',
      cause: 'The registration does not fit the connection.',
      action: 'Compare the registration with the connection, resume the connection, then retry.',
    },
    matrix_user_suspended: {
      affects: 'connection',
      meaning: 'The user of the bot is suspended.',
      cause: 'An administrator of the homeserver suspended it.',
      action: 'Ask the administrator, resume the connection, then retry.',
    },
    matrix_user_locked: {
      affects: 'connection',
      meaning: 'The user of the bot is locked.',
      cause: 'An administrator of the homeserver locked it.',
      action: 'Ask the administrator, resume the connection, then retry.',
    },
    matrix_user_deactivated: {
      affects: 'connection',
      meaning: 'The user of the bot is deactivated.',
      cause: 'An administrator of the homeserver deactivated it.',
      action: 'Create the user again, resume the connection, then retry.',
    },
    matrix_resource_limit_exceeded: {
      affects: 'connection',
      meaning: 'The homeserver has reached a limit that its operator set.',
      cause: 'The homeserver has too many users, or uses too much disk.',
      action: 'Ask its operator. Carillon tries again.',
    },
  },
);

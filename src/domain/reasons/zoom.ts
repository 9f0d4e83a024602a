import { group } from './entry.ts';

/** Zoom's numbers, behind `zoom_`. */
export const zoomReasons = group(
  { kind: 'failure', affects: 'message', connectors: ['zoom'] },
  {
    'zoom_*': {
      meaning: 'Zoom refused the call with a number of its own.',
      cause: 'Zoom’s page on errors of the Team Chat API explains the number.',
      action: 'Read that page, cure the cause, then retry or cancel.',
    },
    zoom_200: {
      affects: 'destination',
      meaning: 'The user may not post in the channel; of an edit or a delete it speaks of that post only.',
      cause: 'The user of the connection is no member, or the channel limits who may post.',
      action: 'Add the user to the channel, resume the destination, then retry.',
    },
    zoom_300: {
      meaning: 'Zoom refuses a parameter, or what it names is gone.',
      cause: 'The message that is changed or answered was deleted.',
      action: 'Cancel the delivery, or check the address of the destination and retry.',
    },
    zoom_1001: {
      affects: 'connection',
      meaning: 'Zoom does not know the user whom Carillon posts as.',
      cause: '`user` of the connection is wrong, or the user was removed.',
      action: 'Correct `user`, resume the connection, then retry.',
    },
    zoom_4130: {
      affects: 'destination',
      meaning: 'The channel does not exist.',
      cause: 'The channel id in the address is wrong, or the channel was deleted.',
      action: 'Correct the destination, resume it, then retry.',
    },
    zoom_4131: {
      meaning: 'The message that is changed or answered does not exist.',
      cause: 'A person deleted it.',
      action: 'Cancel the delivery.',
    },
    zoom_5301: {
      affects: 'destination',
      meaning: 'Zoom could not send the message, and does not say at which step.',
      cause: 'Zoom has trouble.',
      action: 'Do nothing. Carillon looks for the post, then tries again.',
    },
    zoom_5402: {
      meaning: 'The reply names a message that starts no thread.',
      cause: 'The first message of the thread is gone, or is a reply itself.',
      action: 'Do nothing. Carillon posts the reply to the channel.',
    },
    zoom_5403: {
      meaning: 'Zoom does not find the file of the post.',
      cause: 'Zoom lost the upload, or does not take it.',
      action: 'Retry the delivery.',
    },
    zoom_5405: {
      meaning: 'Zoom refuses the card or the file of the post.',
      cause: 'A setting of the account forbids it.',
      action: 'Read the excerpt of the attempt, then cancel.',
    },
    zoom_5418: {
      affects: 'connection',
      meaning: 'The user whom Carillon posts as may not chat.',
      cause: 'Team Chat is switched off for the user.',
      action: 'Switch Team Chat on for the user, resume the connection, then retry.',
    },
    zoom_5419: {
      affects: 'destination',
      meaning: 'The channel is end-to-end encrypted or archived, or the contact blocks the user.',
      cause: 'The channel or the contact was set so.',
      action: 'Name another channel, resume the destination, then retry.',
    },
    zoom_5420: {
      affects: 'destination',
      meaning: 'The channel is end-to-end encrypted or archived, or the contact blocks the user.',
      cause: 'The channel or the contact was set so.',
      action: 'Name another channel, resume the destination, then retry.',
    },
    zoom_5421: {
      affects: 'destination',
      meaning: 'The channel is end-to-end encrypted or archived, or the contact blocks the user.',
      cause: 'The channel or the contact was set so.',
      action: 'Name another channel, resume the destination, then retry.',
    },
  },
);

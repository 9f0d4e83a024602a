import { group } from './entry.ts';

/** How deliveries end by Carillon's own rules. */
export const deliveringReasons = group(
  { kind: 'delivery', affects: 'message' },
  {
    attempts_exhausted: {
      meaning: 'The delivery was given up before any attempt had an answer: it has no attempt left.',
      cause: 'Each attempt was lost with its worker, so none has an answer.',
      action: 'Look at the workers, then retry.',
    },
    deadline_exceeded: {
      meaning: 'The delivery was given up before any attempt had an answer: its deadline is over.',
      cause: 'It waited behind an open breaker until the deadline of its policy.',
      action: 'Look at the destination, then retry.',
    },
    expired: {
      meaning: 'The message expired before it was delivered.',
      cause: 'The destination was down or slow for longer than `expiresAt` or the class allowed.',
      action: 'Do nothing. If it happens often, look at the destination or allow more time.',
    },
    cancelled: {
      meaning: 'An operator cancelled the delivery.',
      cause: 'An operator used the API, a job or Temporal.',
      action: 'Do nothing. To send it after all, replay the message.',
    },
    deleted: {
      meaning: 'The message was deleted before it went out.',
      cause: 'The caller, or the person who wrote it, deleted it.',
      action: 'Do nothing.',
    },
    may_have_arrived: {
      meaning: 'An attempt may have arrived, and the destination forbids sending the message again.',
      cause: 'An answer was lost, and the destination has `ambiguous: at-most-once`.',
      action: 'Look at the destination. If the message is there, cancel; if it is not, retry.',
    },
    expired_in_doubt: {
      meaning: 'The message expired while it was unknown whether an attempt had arrived.',
      cause: 'An answer was lost, and the time was over before it could be cleared up.',
      action: 'Look at the destination. If the message is there or is not wanted any more, cancel; else retry.',
    },
    cancelled_in_doubt: {
      meaning: 'The delivery was cancelled while it was unknown whether an attempt had arrived.',
      cause: 'A cancel came after an attempt whose answer was lost.',
      action: 'Look at the destination. If the message is there and must go, delete the message.',
    },
    look_up_refused: {
      meaning: 'An attempt may have arrived, and the platform does not let Carillon look for it.',
      cause: 'The app lacks the permission to read the history of the room.',
      action: 'Look at the room. If the message is there, cancel; if it is not, grant the permission and retry.',
    },
    destination_deleted: {
      affects: 'destination',
      meaning: 'The destination was deleted before the message went out.',
      cause: 'An operator deleted it.',
      action: 'Cancel the delivery, or create the destination again and retry.',
    },
    unknown_connector: {
      affects: 'connection',
      meaning: 'This version of Carillon has no such connector.',
      cause: 'A worker of an older version took the delivery.',
      action: 'Run workers of one version, then retry.',
    },
    original_missing: {
      meaning: 'The original was never sent to this destination, so there is nothing to change.',
      cause: 'The destination was added after the original went out.',
      action: 'Do nothing.',
    },
    original_not_delivered: {
      meaning: 'The original did not arrive at this destination, so there is nothing to change.',
      cause: 'The original was cancelled, expired or parked.',
      action: 'Do nothing. If the original is parked, retry or cancel that one.',
    },
    original_uncertain: {
      meaning: 'The original may be there, in whole or in part, and cannot be found to be changed.',
      cause: 'The answer to the original was lost, or only some of its parts arrived.',
      action: 'Retry the original, which takes its edits along; or cancel both.',
    },
    carried_by_original: {
      meaning: 'The edit needs no post of its own: the parked original carries the newest text when it goes out.',
      cause: 'The original was edited while it was parked.',
      action: 'Retry or cancel the original.',
    },
    already_current: {
      meaning: 'This text, or a newer one, is there already.',
      cause: 'The original went out late and carried the newest text.',
      action: 'Do nothing.',
    },
    files_alone: {
      meaning: 'The original is there as files alone, and files cannot be edited.',
      cause: 'A message without text was edited.',
      action: 'Do nothing.',
    },
    '*_dropped': {
      members: ['edit_dropped', 'delete_dropped', 'react_dropped', 'unreact_dropped'],
      meaning: 'The platform cannot do this, and it was left out: an edit, a delete or a reaction.',
      cause: 'The platform has no call for it. The page of the connector says more.',
      action: 'Do nothing.',
    },
    '*_rejected': {
      members: [
        'thread_rejected',
        'files_rejected',
        'edit_rejected',
        'delete_rejected',
        'react_rejected',
        'unreact_rejected',
      ],
      meaning: 'The platform cannot do this, and leaving it out would call something done that is not.',
      cause: 'The platform has no call for it. The page of the connector says more.',
      action: 'Do by hand what is missing, such as a delete, then cancel.',
    },
    worker_lost: {
      kind: 'failure',
      meaning: 'The process that was sending ended before it could say what had happened.',
      cause: 'A worker was killed, or crashed, in the middle of an attempt.',
      action: 'Look at the workers. Carillon clears up the doubt as the recovery class allows.',
    },
    connector_defect: {
      kind: 'failure',
      meaning: 'The connector failed with an unexpected error.',
      cause: 'Carillon has a defect.',
      action: 'Report it with the message of the attempt. Carillon tries again.',
    },
  },
);

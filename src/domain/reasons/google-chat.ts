import { group } from './entry.ts';

/** Google's status codes (google.rpc.Code) in lower case, behind `google_`. */
export const googleChatReasons = group(
  { kind: 'failure', affects: 'message', connectors: ['google-chat'] },
  {
    google_invalid_argument: {
      meaning: 'Google refuses an argument of the call.',
      cause: 'The space of the destination is not valid, or Carillon has a defect.',
      action: 'Check the address of the destination; read the excerpt of the attempt.',
    },
    google_failed_precondition: {
      meaning: 'Google refuses the call as things are at this moment.',
      cause: 'The Chat app is not configured, or the space is not in a state that takes the post.',
      action: 'Check the configuration of the Chat app, then retry.',
    },
    google_permission_denied: {
      affects: 'destination',
      meaning: 'The app may not post in the space; of an edit or a delete it speaks of that post only.',
      cause: 'The app is no member of the space, or an administrator blocked it.',
      action: 'Add the app to the space, resume the destination, then retry.',
    },
    google_not_found: {
      affects: 'destination',
      meaning: 'The space does not exist; of an edit or a delete: the post is gone.',
      cause: 'The address is wrong, or the space or the post was deleted.',
      action: 'Correct the destination and resume it, then retry; or cancel.',
    },
    google_unauthenticated: {
      affects: 'connection',
      meaning: 'Google refuses a token that it issued a moment ago.',
      cause: 'Google has trouble, or the service account was disabled just now.',
      action: 'Carillon tries again. If it goes on, look at the service account.',
    },
    google_already_exists: {
      meaning: 'The name of the post is taken; of a subscription: another topic has it.',
      cause: 'An earlier attempt arrived. A subscription has another owner, who subscribes as the same person.',
      action: 'Do nothing about a post. For a subscription, set another `historyUser`, or delete the other one.',
    },
    not_there: {
      meaning: 'The name of the post is taken, and Google finds no post of that name.',
      cause: 'An earlier attempt is not visible yet, or the post was deleted since.',
      action: 'Do nothing. Carillon looks again.',
    },
  },
);

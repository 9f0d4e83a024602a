import { group } from './entry.ts';

/** What was left out of a post, or done otherwise than asked. The message arrived. */
export const degradedReasons = group(
  { kind: 'degraded', affects: 'message' },
  {
    cut: {
      meaning: 'The end of the text is missing.',
      cause: 'The text is longer than the platform takes, or an edit is longer than the posts that it changes.',
      action: 'Send a shorter text if the end matters.',
    },
    forms_lost: {
      meaning: 'The platform lacks some forms of the text, such as tables, and shows them as plain text or as code.',
      cause: 'The platform has no such form.',
      action: 'Do nothing.',
    },
    plain_text: {
      meaning: 'The text was sent without its markup.',
      cause: 'The platform refused the markup, or takes none, as Zoom does in an edit.',
      action: 'Do nothing. If it happens often, report it with the text.',
    },
    file_linked: {
      meaning: 'A file is linked instead of posted.',
      cause: 'The platform refused the file, or an edit added it.',
      action: 'Do nothing.',
    },
    thread_missing: {
      meaning: 'The reply was posted outside a thread.',
      cause: 'The message that it replies to did not arrive here in time, was deleted, or is in another room.',
      action: 'Do nothing.',
    },
    no_threads: {
      meaning: 'The reply was posted as an ordinary message, because there are no threads here.',
      cause: 'The platform has no threads, or this kind of room has none.',
      action: 'Do nothing.',
    },
    author_in_text: {
      connectors: ['matrix'],
      meaning: 'The author is named in the text; the bot is shown as the sender.',
      cause: 'The homeserver does not let Carillon post as a user of its own for this author.',
      action: 'Look at the namespaces of the registration if authors are to be shown as senders.',
    },
    may_remain: {
      meaning: 'The delete took back what is known to be there; one more post may remain.',
      cause: 'The answer to an attempt of the original was lost.',
      action: 'Look at the room, and delete by hand what remained.',
    },
  },
);

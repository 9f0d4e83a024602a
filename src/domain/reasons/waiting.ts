import { group } from './entry.ts';

/** What deliveries wait for, and why gates are shut. */
export const waitingReasons = group(
  { kind: 'waiting', affects: 'destination' },
  {
    turn: {
      affects: 'message',
      meaning: 'Another message of its conversation, or the message that it changes or answers, goes first.',
      cause: 'The earlier message is being sent, is retried, or is parked and holds its lane.',
      action: 'Look for the first open delivery of the conversation at this destination.',
    },
    paused: {
      meaning: 'The destination or its connection is paused.',
      cause: 'An operator paused it, or a permanent failure did.',
      action: 'See the pause in the health of the destination. Cure the cause, then resume.',
    },
    breaker: {
      meaning: 'The destination or its connection does not answer, so only a probe goes out from time to time.',
      cause: 'Five attempts in a row failed there.',
      action: 'Look at the receiver. What waits goes out when a probe has arrived.',
    },
    retry_after: {
      meaning: 'The platform asked to be left alone for a time.',
      cause: 'More was sent than the platform allows.',
      action: 'Do nothing. If it happens often, set a `rate` at the destination or connection.',
    },
    busy: {
      meaning: 'As many deliveries are being sent to the destination as may be at once.',
      cause: 'The destination is slow.',
      action: 'Look at the receiver, or shorten `timeout` of the destination.',
    },
    rate: {
      meaning: 'The destination or its connection gets no more than its rate allows.',
      cause: 'More was accepted than the configured `rate`.',
      action: 'Raise the `rate` if the receiver can take more.',
    },
    part_delivered: {
      affects: 'message',
      meaning: 'Some parts of a long message have arrived, and the next one is due.',
      cause: 'The text is too long for one post.',
      action: 'Do nothing.',
    },
    paused_by_request: {
      kind: 'gate',
      meaning: 'An operator paused the destination or the connection.',
      cause: 'An operator used the API.',
      action: 'Resume it when it may go on.',
    },
  },
);

// The bundle's entry: workflow functions and nothing else.
export { catchUp } from './catch-up.ts';
export { deliverMessage } from './deliver-message.ts';
export { fetchEvent } from './fetch-event.ts';
export { housekeeping } from './housekeeping.ts';
export { keepSubscriptions } from './keep-subscriptions.ts';
export { runJob } from './run-job.ts';

import { isMarked as isMarkedText, markOf } from '../text/invisible-mark.ts';
import { listAt, textAt } from '../http/json-path.ts';

/**
 * Ties a post to its delivery, or to the part of it. Every member of the workspace can read a post's metadata, so it
 * contains nothing but the key (docs.slack.dev, "Message metadata").
 */
const eventType = 'carillon_delivery';

/** @param key the post's `Outgoing.key`. */
export function deliveryMarker(key: string): object {
  return { event_type: eventType, event_payload: { delivery_id: key } };
}

/** A file has no metadata, so its title begins with a mark. */
const titlesOf = (message: unknown): string[] => listAt(message, 'files').map((file) => textAt(file, 'title') ?? '');

/** Whether any Carillon posted the message for a delivery, which means that it is a copy. */
export function isMarked(message: unknown): boolean {
  return part(part(message, 'metadata'), 'event_type') === eventType || titlesOf(message).some(isMarkedText);
}

/**
 * Whether a message of the history is the post with this key. `unreadable` means that it is a post of Carillon, but
 * Slack did not return its metadata payload, so it cannot be told which one.
 */
export function markedAs(message: unknown, key: string): boolean | 'unreadable' {
  if (titlesOf(message).some((title) => title.startsWith(markOf(key)))) return true;
  const metadata = part(message, 'metadata');
  if (part(metadata, 'event_type') !== eventType) return false;
  const found = part(part(metadata, 'event_payload'), 'delivery_id');
  return typeof found === 'string' ? found === key : 'unreadable';
}

function part(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

import { isMarked as isMarkedText, markOf } from '../text/invisible-mark.ts';
import { listAt, textAt } from '../http/json-path.ts';

/**
 * What ties a post to its delivery, or to its part of one: message metadata, which every member of the workspace may read, so nothing but the
 * id (docs.slack.dev, "Message metadata").
 */
const eventType = 'carillon_delivery';

/** @param key of the post, `Outgoing.key`. */
export function deliveryMarker(key: string): object {
  return { event_type: eventType, event_payload: { delivery_id: key } };
}

/** A file has no metadata; its title begins with a mark. */
const titlesOf = (message: unknown): string[] => listAt(message, 'files').map((file) => textAt(file, 'title') ?? '');

/** Whether a Carillon, be it another one, posted the message for a delivery: then it is a copy of what was said elsewhere. */
export function isMarked(message: unknown): boolean {
  return part(part(message, 'metadata'), 'event_type') === eventType || titlesOf(message).some(isMarkedText);
}

/**
 * Whether a message of the history is the delivery's post: `unreadable` where it is one of ours but the payload was not
 * handed out, so that nobody can tell which.
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

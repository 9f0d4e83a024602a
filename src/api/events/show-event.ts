import type { EventRow } from '../../store/read/events.ts';
import { encodeEventCursor } from './event-cursor.ts';
import type { EventAnswer } from '../schemas/event.ts';

/** Shows an event in the form that pages and streams share. */
export function showEvent({ position, type, message, delivery, destination, data, at }: EventRow): EventAnswer {
  return { id: encodeEventCursor(position), type, message, delivery, destination, at: at.toISOString(), data };
}

import type { EventRow } from '../../store/read/events.ts';
import { encodeEventCursor } from './event-cursor.ts';
import type { EventAnswer } from '../schemas/event.ts';

/** An event in the form that both pages and streams have. */
export function showEvent({ position, type, message, delivery, destination, data, at }: EventRow): EventAnswer {
  return { id: encodeEventCursor(position), type, message, delivery, destination, at: at.toISOString(), data };
}

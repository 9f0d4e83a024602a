import type { Decision, SimulatedRequest } from '../kit/simulator.ts';
import { resources } from './events.ts';
import { agreed, refused, type ChatEvent, type Held } from './messages.ts';

const types = 'google.workspace.chat.';
const knownMs = 28 * 24 * 3_600_000;
const usualPage = 100;
/**
 * Largest page of this simulator, so that a client has to read a second page. The API may return fewer events than a
 * client asks for.
 */
const largestPage = 20;

/**
 * spaces.spaceEvents.list (developers.google.com/workspace/chat): the filter must name at least one event type, and its
 * `start_time` may lie at most 28 days back. Events come oldest first, each with the newest version of its resource.
 */
export function listEvents(
  log: readonly ChatEvent[],
  held: readonly Held[],
  { query, now }: SimulatedRequest,
): Decision<never> {
  const filter = query.get('filter') ?? '';
  const wanted = [...filter.matchAll(/event_types:"([^"]+)"/g)].map(([, type]) => type);
  const start = Date.parse(/start_time="([^"]+)"/.exec(filter)?.[1] ?? '1970-01-01T00:00:00Z');
  if (wanted.length === 0 || Number.isNaN(start)) return refused('INVALID_ARGUMENT', 'Invalid filter.');
  if (filter.includes('start_time') && start < now.getTime() - knownMs)
    return refused('INVALID_ARGUMENT', 'start_time must be within the last 28 days.');
  const found = log
    .filter(({ at }) => Date.parse(at) >= start)
    .flatMap((change) => resources(change, held).map((one) => ({ ...one, at: change.at })))
    .filter(({ type }) => wanted.includes(types + type));
  const from = Number(query.get('pageToken') ?? 0);
  const size = Math.min(Number(query.get('pageSize') ?? usualPage), largestPage);
  if (!Number.isInteger(from) || !(size > 0)) return refused('INVALID_ARGUMENT', 'Invalid page.');
  const spaceEvents = found.slice(from, from + size).map(({ id, type, data, at }) => ({
    name: id,
    eventTime: at,
    eventType: types + type,
    [dataKey(type)]: data,
  }));
  const more = from + size < found.length ? { nextPageToken: String(from + size) } : {};
  return agreed({ spaceEvents, ...more });
}

/** Name of the field that holds an event's data: `messageCreatedEventData` for `message.v1.created`. */
function dataKey(type: string): string {
  const [what = '', , how = ''] = type.split('.');
  return `${what}${how[0]?.toUpperCase()}${how.slice(1)}EventData`;
}

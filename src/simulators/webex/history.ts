import type { Decision, SimulatedRequest } from '../kit/simulator.ts';
import { agreed, isRoom, mentionsOf, refused, shown, type Held, type WebexEvent } from './messages.ts';
import { botId, emailOf } from './people.ts';

const usualPage = 50;
/**
 * Largest page of this simulator, so that a client has to read a second page. Webex does not publish the largest page.
 */
const largestPage = 20;

/**
 * GET /messages: newest first, without deleted messages, in pages by a `Link` header. A bot must ask for the messages
 * that mention it (developer.webex.com, Messages API, "List Messages"; "REST API Basics", "Pagination").
 * @param messages the messages of the room, oldest first.
 */
export function list(messages: readonly Held[], request: SimulatedRequest, by: string): Decision<WebexEvent> {
  const { query, headers, path } = request;
  const max = Number(query.get('max') ?? usualPage);
  if (!isRoom(query.get('roomId'))) return refused(400, 'roomId cannot be null or empty.');
  if (!Number.isInteger(max) || max < 1) return refused(400, 'max must be a positive number.');
  const mentioned = query.get('mentionedPeople');
  if (by === botId && mentioned !== 'me') return refused(403, 'Failed to get activity.');
  const before = Date.parse(query.get('before') ?? '9999-01-01T00:00:00Z');
  const beforeId = query.get('beforeMessage');
  const end = beforeId === null ? messages.length : messages.findIndex(({ id }) => id === beforeId);
  const parent = query.get('parentId');
  const found = messages
    .slice(0, Math.max(0, end))
    .filter(({ deleted, created }) => deleted !== true && Date.parse(created) < before)
    .filter(({ parentId }) => parent === null || parentId === parent)
    .filter(
      (one) =>
        mentioned === null || mentionsOf(one).some(({ value }) => value === (mentioned === 'me' ? by : mentioned)),
    )
    .reverse();
  const page = found.slice(0, Math.min(max, largestPage));
  const next = new URLSearchParams([...query].filter(([key]) => key !== 'beforeMessage'));
  next.set('beforeMessage', page.at(-1)?.id ?? '');
  const url = `http://${headers['host']}/webex${path}?${next.toString()}`;
  const { answer } = agreed({ items: page.map((one) => shown(one, emailOf(one.personId), request)) });
  return page.length === found.length
    ? { answer }
    : { answer: { ...answer, headers: { link: `<${url}>; rel="next"` } } };
}

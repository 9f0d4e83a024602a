import type { Decision } from '../kit/simulator.ts';
import { agreed, notIn, refused, type Call } from './calls.ts';
import type { MatrixChange } from './rooms.ts';

const usualPage = 10;
/**
 * Largest page of this simulator, so that a client has to read a second page. A homeserver may return fewer events than
 * a client asks for.
 */
const largestPage = 20;

/**
 * Lists the events of a room, newest first (`dir=b`). `from` is the `end` of the page before; the page with the room's
 * first event has no `end`. A filter's `types` are honoured (client-server API, "GET /rooms/{roomId}/messages").
 */
export function messages(call: Call, room: string): Decision<MatrixChange> {
  const refusal = notIn(call, room);
  if (refusal !== undefined) return refusal;
  const { query } = call.request;
  if (query.get('dir') !== 'b') return refused(400, 'M_MISSING_PARAM', 'the simulator reads backwards only');
  const types = typesOf(query.get('filter'));
  if (types === undefined) return refused(400, 'M_BAD_JSON', 'the filter is no JSON');
  const all = call.world.rooms.get(room) ?? [];
  const end = Number(/^t(\d+)$/.exec(query.get('from') ?? `t${all.length}`)?.[1] ?? Number.NaN);
  if (Number.isNaN(end)) return refused(400, 'M_INVALID_PARAM', 'Invalid from parameter.');
  const size = Math.min(Number(query.get('limit') ?? usualPage), largestPage);
  const start = Math.max(0, end - size);
  const chunk = all.slice(start, end).reverse();
  return agreed({
    start: `t${end}`,
    ...(start === 0 ? {} : { end: `t${start}` }),
    chunk: chunk.filter(({ type }) => types.length === 0 || types.includes(type)),
    state: [],
  });
}

function typesOf(filter: string | null): readonly string[] | undefined {
  try {
    const value = JSON.parse(filter ?? '{}') as { types?: readonly string[] };
    return value.types ?? [];
  } catch {
    // The caller answers that the filter is no JSON.
    return undefined;
  }
}

import { finish, type Due } from '../../store/inbound/inbox.ts';
import { roomsOf } from './rooms.ts';
import { routeChange } from './route-change.ts';
import { routeCreated } from './route-created.ts';
import { asReaction, routeReaction } from './route-reaction.ts';
import { ignored, type RouteDeps, type Routed } from './routed.ts';

/**
 * Takes one event to its end: a message or a change is accepted, or it is known to be none. Each step may be repeated
 * after a crash: accepting knows the event's key.
 */
export async function routeEvent(deps: RouteDeps, due: Due): Promise<void> {
  const { sql, plans, connectors } = deps;
  const cache = plans.of(due.tenant);
  let plan = await cache.current();
  let rooms = roomsOf(plan, connectors)(due.connection, due.event.room);
  if (rooms.length === 0) {
    // The bridge may have been made a moment ago.
    plan = await cache.reload();
    rooms = roomsOf(plan, connectors)(due.connection, due.event.room);
  }
  const [first] = rooms;
  const connector = first === undefined ? undefined : connectors.get(first.destination.connector);
  if (first === undefined || connector?.inbound === undefined)
    return finish(sql, due.id, 'ignored', ignored('not_bridged', 'No bridge has this room.'));
  const routed: Routed = { due, rooms, connector: connector.name, inbound: connector.inbound };
  switch (due.event.kind) {
    case 'created':
      return routeCreated(deps, routed, plan);
    case 'edited':
      return routeChange(deps, routed);
    case 'deleted': {
      const reaction = await asReaction(deps, routed);
      return reaction === undefined ? routeChange(deps, routed) : routeReaction(deps, reaction, plan);
    }
    default:
      return routeReaction(deps, routed, plan);
  }
}

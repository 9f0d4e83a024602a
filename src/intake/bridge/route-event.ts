import { finish, type LeasedEvent } from '../../store/inbound/inbox.ts';
import { roomsOf } from './rooms.ts';
import { routeChange } from './route-change.ts';
import { routeCreated } from './route-created.ts';
import { asReaction, routeReaction } from './route-reaction.ts';
import { ignored, type RouteDeps, type RoutableEvent } from './routable-event.ts';

/**
 * Routes one leased event: accepts it as a message, a change or a reaction, or finishes it as `ignored` with a reason.
 * It is safe to repeat this after a crash, because the event's key is the dedupe key of what is accepted.
 * @throws Error when the event could not be routed now; the inbox tries it again later.
 */
export async function routeEvent(deps: RouteDeps, leased: LeasedEvent): Promise<void> {
  const { sql, plans, connectors } = deps;
  const cache = plans.of(leased.tenant);
  let plan = await cache.current();
  let rooms = roomsOf(plan, connectors)(leased.connection, leased.event.room);
  if (rooms.length === 0) {
    // Reload the plan, because the bridge may have been created a moment ago.
    plan = await cache.reload();
    rooms = roomsOf(plan, connectors)(leased.connection, leased.event.room);
  }
  const [first] = rooms;
  const connector = first === undefined ? undefined : connectors.get(first.destination.connector);
  if (first === undefined || connector?.inbound === undefined)
    return finish(sql, leased.id, 'ignored', ignored('not_bridged', 'No bridge has this room.'));
  const routable: RoutableEvent = { leased, rooms, connector: connector.name, inbound: connector.inbound };
  switch (leased.event.kind) {
    case 'created':
      return routeCreated(deps, routable, plan);
    case 'edited':
      return routeChange(deps, routable);
    case 'deleted': {
      const reaction = await asReaction(deps, routable);
      return reaction === undefined ? routeChange(deps, routable) : routeReaction(deps, reaction, plan);
    }
    default:
      return routeReaction(deps, routable, plan);
  }
}

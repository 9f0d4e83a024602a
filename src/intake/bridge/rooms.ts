import type { Connector } from '../../connectors/contract/connector.ts';
import type { ConnectionId, DestinationId } from '../../domain/ids.ts';
import type { PlanEntry, PlannedBridge, TenantPlan } from '../../store/config/destinations.ts';

/** A destination that is a member of bridges, seen as the room at its address. */
export interface Room {
  readonly destination: PlanEntry;
  readonly bridges: readonly PlannedBridge[];
}

/**
 * The bridged rooms of a tenant by connection and room. Several destinations may have the same room as their address;
 * the result has each of them that is a member of a bridge.
 */
export type Rooms = (connection: ConnectionId, room: string) => readonly Room[];

const made = new WeakMap<TenantPlan, Rooms>();

/** Computes the bridged rooms of a plan, once for each version of the configuration. */
export function roomsOf(plan: TenantPlan, connectors: ReadonlyMap<string, Connector>): Rooms {
  const known = made.get(plan);
  if (known !== undefined) return known;
  const byRoom = new Map<string, Room[]>();
  for (const destination of plan.destinations.values()) {
    const bridges = plan.bridges.filter(({ members }) => members.includes(destination.id));
    const room = connectors.get(destination.connector)?.inbound?.roomOf(destination.address);
    if (bridges.length === 0 || room === undefined) continue;
    const key = keyOf(destination.connection, room);
    byRoom.set(key, [...(byRoom.get(key) ?? []), { destination, bridges }]);
  }
  const rooms: Rooms = (connection, room) => byRoom.get(keyOf(connection, room)) ?? [];
  made.set(plan, rooms);
  return rooms;
}

const keyOf = (connection: ConnectionId, room: string): string => `${connection}\0${room}`;

/** A destination that gets what is said in a room, and the bridge that leads there. */
export interface Listener {
  readonly destination: PlanEntry;
  readonly bridge: PlannedBridge;
}

/** All other members of the room's bridges. A member of several bridges appears once, with the first of them. */
export function listenersOf(rooms: readonly Room[], plan: TenantPlan): Listener[] {
  const own = new Set<DestinationId>(rooms.map(({ destination }) => destination.id));
  const found = new Map<DestinationId, Listener>();
  for (const bridge of rooms.flatMap(({ bridges }) => bridges)) {
    for (const id of bridge.members) {
      const destination = plan.destinations.get(id);
      if (destination !== undefined && !own.has(id) && !found.has(id)) found.set(id, { destination, bridge });
    }
  }
  return [...found.values()];
}

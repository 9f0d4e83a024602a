import type { Connector } from '../../connectors/contract/connector.ts';
import type { ConnectionId, DestinationId } from '../../domain/ids.ts';
import type { PlanEntry, PlannedBridge, TenantPlan } from '../../store/config/destinations.ts';

/** A member of bridges, as its own room. */
export interface Room {
  readonly destination: PlanEntry;
  readonly bridges: readonly PlannedBridge[];
}

/**
 * The bridged rooms of a tenant by connection and room. Several destinations may name one room; each that is a member of
 * a bridge counts.
 */
export type Rooms = (connection: ConnectionId, room: string) => readonly Room[];

const made = new WeakMap<TenantPlan, Rooms>();

/** Worked out once for each version of the configuration. */
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

/** One place that hears of what is said in a room. */
export interface Listener {
  readonly destination: PlanEntry;
  readonly bridge: PlannedBridge;
}

/** Everybody else in the room's bridges, each once, whichever bridge names it first. The room itself never. */
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

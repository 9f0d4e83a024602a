import { createHash } from 'node:crypto';

/** Name of the simulated homeserver. */
export const server = 'sim.example';

/** An event as clients get it (client-server API, "Client event format"). */
export interface RoomEvent {
  readonly event_id: string;
  readonly room_id: string;
  readonly type: string;
  readonly sender: string;
  readonly origin_server_ts: number;
  readonly content: Readonly<Record<string, unknown>>;
  readonly redacts?: string;
}

/** An uploaded file ("Content repository"). */
export interface Media {
  readonly id: string;
  readonly mediaType: string;
  readonly name: string;
  readonly base64: string;
}

/** What the journal holds. */
export type MatrixChange =
  | { readonly kind: 'event'; readonly event: RoomEvent; readonly txn?: string; readonly media?: Media }
  | { readonly kind: 'media'; readonly media: Media }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'name'; readonly user: string; readonly name: string }
  | { readonly kind: 'member'; readonly room: string; readonly user: string; readonly membership: 'join' | 'invite' };

/** The present form of an event. A redacted event keeps its place and loses its content ("Redactions"). */
export interface Held extends RoomEvent {
  readonly unsigned?: { readonly redacted_because: RoomEvent };
}

/** Which users of application services may join a room. `POST /_sim/matrix/rooms` sets it. */
export type JoinRule = 'public' | 'invite' | 'closed';

export interface World {
  readonly rooms: Map<string, Held[]>;
  readonly users: Set<string>;
  readonly names: Map<string, string>;
  /** Membership of the users of application services. The key is the room and the user, separated by a space. */
  readonly members: Map<string, 'join' | 'invite'>;
  readonly joinRules: Map<string, JoinRule>;
  readonly media: Map<string, Media>;
  /**
   * For the path of each call with a transaction id, the event that it sent. Kept in memory only, as in Synapse
   * (rest/client/transactions.py).
   */
  readonly txns: Map<string, { readonly id: string; readonly at: number }>;
}

export function createWorld(): World {
  return {
    rooms: new Map(),
    users: new Set(),
    names: new Map(),
    members: new Map(),
    joinRules: new Map(),
    media: new Map(),
    txns: new Map(),
  };
}

/**
 * Whether a room of this id exists. The id alone decides: an id of room version 12 contains no server name, an id of an
 * older version contains one.
 */
export function isRoom(id: string): boolean {
  return new RegExp(`^![A-Za-z0-9_-]{2,}(?::${server.replace('.', '\\.')})?$`).test(id);
}

/**
 * Whether a redaction names its target in its content, as since room version 11. Here a room is version 12 when its id
 * has no server.
 */
export function redactsInContent(room: string): boolean {
  return !room.includes(':');
}

export function newEvent(
  world: World,
  event: Pick<RoomEvent, 'room_id' | 'type' | 'sender' | 'content'> & { readonly redacts?: string },
  now: Date,
): RoomEvent {
  const number = world.rooms.get(event.room_id)?.length ?? 0;
  const hash = createHash('sha256').update(`${event.room_id} ${number} ${now.getTime()}`).digest('base64url');
  return { event_id: `$${hash}`, origin_server_ts: now.getTime(), ...event };
}

export function redactionOf(room: string, target: string, sender: string, more: object = {}) {
  const isNew = redactsInContent(room);
  return {
    room_id: room,
    type: 'm.room.redaction',
    sender,
    content: { ...more, ...(isNew ? { redacts: target } : {}) },
    ...(isNew ? {} : { redacts: target }),
  };
}

export function targetOf({ redacts, content }: RoomEvent): unknown {
  return redacts ?? content['redacts'];
}

/** Applies a change to the server's state. */
export function apply(world: World, change: MatrixChange): void {
  switch (change.kind) {
    case 'user':
      world.users.add(change.user);
      return;
    case 'name':
      world.names.set(change.user, change.name);
      return;
    case 'member':
      world.members.set(`${change.room} ${change.user}`, change.membership);
      return;
    case 'media':
      world.media.set(change.media.id, change.media);
      return;
    case 'event': {
      const { event, txn, media } = change;
      if (media !== undefined) world.media.set(media.id, media);
      const held = world.rooms.get(event.room_id) ?? [];
      world.rooms.set(event.room_id, held);
      held.push(event);
      if (txn !== undefined) world.txns.set(txn, { id: event.event_id, at: event.origin_server_ts });
      if (event.type !== 'm.room.redaction') return;
      const index = held.findIndex(({ event_id: id }) => id === targetOf(event));
      const target = held[index];
      if (target !== undefined) held[index] = { ...target, content: {}, unsigned: { redacted_because: event } };
    }
  }
}

export function relation(event: Pick<RoomEvent, 'content'>): Readonly<Record<string, unknown>> {
  const related = event.content['m.relates_to'];
  return typeof related === 'object' && related !== null ? (related as Record<string, unknown>) : {};
}

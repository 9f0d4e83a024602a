import { createHash } from 'node:crypto';

/** The server that is simulated. */
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

/** What was uploaded ("Content repository"). */
export interface Media {
  readonly id: string;
  readonly mediaType: string;
  readonly name: string;
  readonly base64: string;
}

/** What is kept on disk. */
export type MatrixChange =
  | { readonly kind: 'event'; readonly event: RoomEvent; readonly txn?: string; readonly media?: Media }
  | { readonly kind: 'media'; readonly media: Media }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'name'; readonly user: string; readonly name: string }
  | { readonly kind: 'member'; readonly room: string; readonly user: string; readonly membership: 'join' | 'invite' };

/** An event as it stands: redacted events keep their place and lose their content ("Redactions"). */
export interface Held extends RoomEvent {
  readonly unsigned?: { readonly redacted_because: RoomEvent };
}

/** How a room takes in the users of application services; by `POST /_sim/matrix/rooms`. */
export type JoinRule = 'public' | 'invite' | 'closed';

export interface World {
  readonly rooms: Map<string, Held[]>;
  readonly users: Set<string>;
  readonly names: Map<string, string>;
  /** Of users of application services, by room and user. */
  readonly members: Map<string, 'join' | 'invite'>;
  readonly joinRules: Map<string, JoinRule>;
  readonly media: Map<string, Media>;
  /** Event ids by path of the call: in memory only, as Synapse's (rest/client/transactions.py). */
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

/** Rooms exist by their name alone: those of version 12 without a server, older ones with it. */
export function isRoom(id: string): boolean {
  return new RegExp(`^![A-Za-z0-9_-]{2,}(?::${server.replace('.', '\\.')})?$`).test(id);
}

/** Since version 11 what is redacted stands in the content; ids without a server are of version 12. */
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

/** Takes in what was decided. */
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

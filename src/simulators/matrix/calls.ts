import { createHash } from 'node:crypto';
import type { Decision, SimulatedRequest } from '../kit/simulator.ts';
import { peopleOn } from '../kit/rooms.ts';
import {
  isRoom,
  newEvent,
  redactionOf,
  relation,
  server,
  type MatrixChange,
  type RoomEvent,
  type World,
} from './rooms.ts';

/** The people of the simulated homeserver. */
export const people = peopleOn('matrix');

type Result = Decision<MatrixChange>;

/** One call by an application service. */
export interface Call {
  readonly world: World;
  readonly request: SimulatedRequest;
  readonly body: Readonly<Record<string, unknown>>;
  /** The name of the service in user ids: its bot is `@<name>`, and its ghosts begin with `@<name>_`. */
  readonly service: string;
  /** The user as whom the service makes the call. */
  readonly user: string;
}

/** The largest upload in bytes, which a homeserver publishes as `m.upload.size`. */
const maxUploadBytes = 30 * 1_024 * 1_024;
/** The largest event in bytes (client-server API, "Size limits"). */
const maxEventBytes = 65_536;

export function agreed(body: object): Result {
  return { answer: { status: 200, body } };
}

/** An error (client-server API, "Standard error response"). */
export function refused(status: number, errcode: string, error: string): Result {
  return { answer: { status, body: { errcode, error } } };
}

/** Registers a ghost (application service API, "Server admin style permissions"). */
export function register({ world, body, service }: Call): Result {
  const { username } = body;
  if (body['type'] !== 'm.login.application_service' || typeof username !== 'string')
    return refused(400, 'M_MISSING_PARAM', 'no type or user name');
  if (!username.startsWith(`${service}_`)) return refused(400, 'M_EXCLUSIVE', 'the name is not in your namespace');
  const user = `@${username}:${server}`;
  if (world.users.has(user)) return refused(400, 'M_USER_IN_USE', 'the user is there already');
  return { event: { kind: 'user', user }, ...agreed({ user_id: user }) };
}

export function join({ world, user, service }: Call, room: string): Result {
  if (!isRoom(room)) return refused(404, 'M_NOT_FOUND', 'there is no such room');
  const known = world.members.get(`${room} ${user}`);
  const rule = world.joinRules.get(room) ?? 'public';
  // The person who wants the room to be bridged has invited the bot, so it may always join.
  const isLet = known !== undefined || rule === 'public' || user === `@${service}:${server}`;
  if (!isLet) return refused(403, 'M_FORBIDDEN', 'You are not invited to this room.');
  return { event: { kind: 'member', room, user, membership: 'join' }, ...agreed({ room_id: room }) };
}

export function invite({ world, user, body }: Call, room: string): Result {
  const guest = String(body['user_id']);
  if (!isIn(world, room, user)) return refused(403, 'M_FORBIDDEN', `User ${user} not in room ${room}`);
  if (world.joinRules.get(room) === 'closed') return refused(403, 'M_FORBIDDEN', "You don't have permission to invite");
  if (isIn(world, room, guest)) return refused(403, 'M_FORBIDDEN', `${guest} is already in the room.`);
  return { event: { kind: 'member', room, user: guest, membership: 'invite' }, ...agreed({}) };
}

export function setName({ user, body }: Call, of: string): Result {
  if (user !== of) return refused(403, 'M_FORBIDDEN', "Cannot set another user's displayname");
  return { event: { kind: 'name', user, name: String(body['displayname']) }, ...agreed({}) };
}

export function profile({ world }: Call, user: string): Result {
  const name = nameOf(world, user);
  return name === undefined ? refused(404, 'M_NOT_FOUND', 'Profile was not found') : agreed({ displayname: name });
}

export function nameOf(world: World, user: string): string | undefined {
  const key = Object.keys(people).find((one) => user === `@${one}:${server}`) as keyof typeof people | undefined;
  return key === undefined ? world.names.get(user) : people[key].name;
}

/**
 * Sends an event. A repeated transaction id returns the event that it sent before, whichever user of the service
 * repeats it (Synapse, rest/client/transactions.py).
 */
export function send(call: Call, room: string, type: string): Result {
  const { world, body, user, request } = call;
  const refusal = known(call) ?? notIn(call, room);
  if (refusal !== undefined) return refusal;
  const { event_id: target, key, rel_type: kind } = relation({ content: body });
  const twice = (world.rooms.get(room) ?? []).some(
    (one) =>
      type === 'm.reaction' &&
      one.type === type &&
      one.sender === user &&
      relation(one)['event_id'] === target &&
      relation(one)['key'] === key,
  );
  if (twice) return refused(400, 'M_DUPLICATE_ANNOTATION', "Can't send same reaction twice");
  const root = (world.rooms.get(room) ?? []).find(({ event_id: id }) => id === target);
  if (kind === 'm.thread' && root !== undefined && relation(root)['rel_type'] !== undefined)
    return refused(400, 'M_UNKNOWN', 'Cannot start threads from an event with a relation');
  return made(call, newEvent(world, { room_id: room, type, sender: user, content: body }, request.now));
}

/** Redacts an event of the caller's own. Redacting another user's event needs more power in the room ("Redactions"). */
export function redact(call: Call, room: string, target: string): Result {
  const { world, body, user, request } = call;
  const refusal = known(call) ?? notIn(call, room);
  if (refusal !== undefined) return refusal;
  const found = world.rooms.get(room)?.find(({ event_id: id }) => id === target);
  if (found === undefined) return refused(404, 'M_NOT_FOUND', 'Event not found.');
  if (found.sender !== user) return refused(403, 'M_FORBIDDEN', "You don't have permission to redact events");
  return made(call, newEvent(world, redactionOf(room, target, user, body), request.now));
}

/** Takes an upload ("POST /_matrix/media/v3/upload"). Any user who knows its address may download it. */
export function upload({ request, world }: Pick<Call, 'request' | 'world'>): Result {
  if (request.body.length > maxUploadBytes) return refused(413, 'M_TOO_LARGE', 'Upload request body is too large');
  const id = `up${world.media.size}x${createHash('sha256').update(request.body).digest('hex').slice(0, 16)}`;
  const mediaType = request.headers['content-type'] ?? 'application/octet-stream';
  const media = { id, mediaType, name: request.query.get('filename') ?? '', base64: request.body.toString('base64') };
  return { event: { kind: 'media', media }, ...agreed({ content_uri: `mxc://${server}/${id}` }) };
}

/** Answers with an uploaded file ("GET /_matrix/client/v1/media/download/{serverName}/{mediaId}"). */
export function downloadMedia({ world }: Call, of: string, id: string): Result {
  const media = of === server ? world.media.get(id) : undefined;
  if (media === undefined) return refused(404, 'M_NOT_FOUND', 'Not found');
  const headers = { 'content-type': media.mediaType };
  return { answer: { status: 200, headers, body: Buffer.from(media.base64, 'base64') } };
}

export function readEvent(call: Call, room: string, id: string): Result {
  const found = call.world.rooms.get(room)?.find(({ event_id: one }) => one === id);
  return notIn(call, room) ?? (found === undefined ? refused(404, 'M_NOT_FOUND', 'Event not found.') : agreed(found));
}

/** Lists the events that relate to an event, newest first, in pages ("GET /relations"). */
export function relations(call: Call, room: string, id: string, [kind, type]: readonly [string, string?]): Result {
  const refusal = notIn(call, room);
  if (refusal !== undefined) return refusal;
  const { query } = call.request;
  const [limit, from] = [Number(query.get('limit') ?? 5), Number(query.get('from') ?? 0)];
  const all = (call.world.rooms.get(room) ?? [])
    .filter((one) => relation(one)['event_id'] === id && relation(one)['rel_type'] === kind)
    .filter((one) => type === undefined || one.type === type)
    .reverse();
  const more = from + limit < all.length ? { next_batch: String(from + limit) } : {};
  return agreed({ chunk: all.slice(from, from + limit), ...more });
}

function made({ request }: Call, event: RoomEvent): Result {
  if (Buffer.byteLength(JSON.stringify(event)) > maxEventBytes) return refused(413, 'M_TOO_LARGE', 'event too large');
  return { event: { kind: 'event', event, txn: request.path }, ...agreed({ event_id: event.event_id }) };
}

function known({ world, request }: Call): Result | undefined {
  const txn = world.txns.get(request.path);
  return txn && agreed({ event_id: txn.id });
}

/** Returns a refusal when the caller is not in the room. */
export function notIn({ world, user }: Call, room: string): Result | undefined {
  return isIn(world, room, user) ? undefined : refused(403, 'M_FORBIDDEN', `User ${user} not in room ${room}`);
}

function isIn(world: World, room: string, user: string): boolean {
  return world.members.get(`${room} ${user}`) === 'join';
}

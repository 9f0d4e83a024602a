import { createHash } from 'node:crypto';
import { ControlError, controlBody } from './control-body.ts';

const everybody = {
  ann: { name: 'Ann Archer', email: 'ann@example.com' },
  ben: { name: 'Ben Baker', email: 'ben@example.com' },
  cleo: { name: 'Cleo Cruz', email: 'cleo@example.com' },
} as const;

/**
 * The people of a simulated platform; each platform gives them its own ids. Ann, Ben and Cleo have the same name and
 * address on every platform. Dora has another address on each platform, so she cannot be recognized elsewhere.
 */
export const peopleOn = (platform: string) => ({
  ...everybody,
  dora: { name: 'Dora Dean', email: `dora@${platform}.example` },
});
export type PersonKey = keyof ReturnType<typeof peopleOn>;

/** A piece of the text that a person types, with its formatting. */
export interface Segment {
  readonly text: string;
  readonly bold?: boolean;
  readonly italic?: boolean;
  readonly strike?: boolean;
  readonly code?: boolean;
  readonly link?: string;
  /** The person that this piece mentions. `text` is then not used. */
  readonly mention?: PersonKey | 'all';
}

/** What a person does in a room, from `POST /_sim/<name>/act`. Ids are the platform's own. */
export interface PersonAction {
  readonly do: 'say' | 'edit' | 'delete' | 'react' | 'unreact';
  readonly user: PersonKey;
  readonly room: string;
  /** Id of the message that is edited, deleted or reacted to. */
  readonly id?: string;
  /** Id of the message that is replied to. */
  readonly thread?: string;
  readonly content: readonly Segment[];
  /** The emoji as Unicode. */
  readonly emoji?: string;
  readonly file?: { readonly name: string; readonly mediaType: string; readonly base64: string };
  /** Address of the simulators without a slash at the end, for the addresses of files. */
  readonly origin: string;
}

/** A file as a reader of the room finds it. */
export interface RoomFile {
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  /** SHA-256 of the file's bytes, in hex. */
  readonly sha256: string;
}

export function roomFile(name: string, mediaType: string, base64: string): RoomFile {
  const bytes = Buffer.from(base64, 'base64');
  return { name, mediaType, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** A message as a reader of the room sees it, in one form for all platforms: `GET /_sim/<name>/room?room=`. */
export interface RoomMessage {
  readonly id: string;
  /** The name that the platform shows as the author. */
  readonly by: string;
  readonly isBot: boolean;
  /** The text in the platform's own markup, as the platform holds it. */
  readonly markup: string;
  /** Id of the first message of its thread, or of the message that it replies to. */
  readonly thread: string | null;
  readonly edited: boolean;
  readonly deleted: boolean;
  /** For each emoji, the names of the people who reacted with it. */
  readonly reactions: Readonly<Record<string, readonly string[]>>;
  /** The people whom the platform notifies: keys of `peopleOn`, `all`, or the platform's id of any other user. */
  readonly mentions: readonly string[];
  readonly files: readonly RoomFile[];
}

/**
 * Reads the body of an act. `text` is a short form of `content` with one plain segment.
 * @throws ControlError naming the field that is missing or wrong.
 */
export function readAction(body: unknown, origin: string): PersonAction {
  const given = controlBody(body);
  const kinds = ['say', 'edit', 'delete', 'react', 'unreact'] as const;
  const kind = kinds.find((one) => one === given['do']);
  if (kind === undefined) throw new ControlError('/do', `must be one of ${kinds.join(', ')}`);
  const keys = Object.keys(peopleOn('')) as PersonKey[];
  const user = keys.find((key) => key === given['user']);
  if (user === undefined) throw new ControlError('/user', `must be one of ${keys.join(', ')}`);
  const { room, id, thread, emoji, file, text, content } = given;
  if (typeof room !== 'string' || room === '') throw new ControlError('/room', 'must name a room');
  if (kind !== 'say' && typeof id !== 'string') throw new ControlError('/id', 'must name a message');
  if (kind.endsWith('react') && typeof emoji !== 'string') throw new ControlError('/emoji', 'must be an emoji');
  const segments = Array.isArray(content) ? (content as Segment[]) : typeof text === 'string' ? [{ text }] : [];
  return {
    do: kind,
    user,
    room,
    content: segments,
    origin,
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof thread === 'string' ? { thread } : {}),
    ...(typeof emoji === 'string' ? { emoji } : {}),
    ...(file === undefined ? {} : { file: file as NonNullable<PersonAction['file']> }),
  };
}

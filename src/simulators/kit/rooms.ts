import { createHash } from 'node:crypto';
import { ControlError, controlBody } from './control-body.ts';

const everybody = {
  ann: { name: 'Ann Archer', email: 'ann@example.com' },
  ben: { name: 'Ben Baker', email: 'ben@example.com' },
  cleo: { name: 'Cleo Cruz', email: 'cleo@example.com' },
} as const;

/**
 * Who is on a simulated platform; each has ids of its own for them. They are the same everywhere, but for Dora, who has
 * another address on each: elsewhere nobody knows her.
 */
export const peopleOn = (platform: string) => ({
  ...everybody,
  dora: { name: 'Dora Dean', email: `dora@${platform}.example` },
});
export type PersonKey = keyof ReturnType<typeof peopleOn>;

/** A piece of what a person types, with what they did to it. */
export interface Segment {
  readonly text: string;
  readonly bold?: boolean;
  readonly italic?: boolean;
  readonly strike?: boolean;
  readonly code?: boolean;
  readonly link?: string;
  /** Who is mentioned; `text` is then not used. */
  readonly mention?: PersonKey | 'all';
}

/** What a person does in a room: `POST /_sim/<name>/act`. Ids are the platform's own. */
export interface PersonAction {
  readonly do: 'say' | 'edit' | 'delete' | 'react' | 'unreact';
  readonly user: PersonKey;
  readonly room: string;
  /** Of the message that is edited, deleted or reacted to. */
  readonly id?: string;
  /** Of the message that is replied to. */
  readonly thread?: string;
  readonly content: readonly Segment[];
  /** Unicode. */
  readonly emoji?: string;
  readonly file?: { readonly name: string; readonly mediaType: string; readonly base64: string };
  /** Where the simulators are reached, without a slash at the end: for addresses of files. */
  readonly origin: string;
}

/** A file as its readers find it. */
export interface RoomFile {
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  /** Of its bytes, in hex. */
  readonly sha256: string;
}

export function roomFile(name: string, mediaType: string, base64: string): RoomFile {
  const bytes = Buffer.from(base64, 'base64');
  return { name, mediaType, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** A message as its readers see it, the same for all platforms: `GET /_sim/<name>/room?room=`. */
export interface RoomMessage {
  readonly id: string;
  /** The name shown as its author. */
  readonly by: string;
  readonly isBot: boolean;
  /** As the platform holds it, in its own markup. */
  readonly markup: string;
  /** Root of its thread, or what it replies to. */
  readonly thread: string | null;
  readonly edited: boolean;
  readonly deleted: boolean;
  /** Names of those who reacted, by emoji. */
  readonly reactions: Readonly<Record<string, readonly string[]>>;
  /** Whom the platform notifies: keys of `peopleOn`, `all`, or the native id of a stranger. */
  readonly mentions: readonly string[];
  readonly files: readonly RoomFile[];
}

/**
 * Reads the body of an act; `text` is short for one plain segment.
 * @throws ControlError
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

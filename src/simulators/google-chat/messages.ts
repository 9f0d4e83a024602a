import { createHash } from 'node:crypto';
import type { Decision } from '../kit/simulator.ts';

export interface User {
  readonly name: string;
  readonly displayName: string;
  readonly type: 'HUMAN' | 'BOT';
  readonly email?: string;
}
export interface Attachment {
  readonly name: string;
  readonly contentName: string;
  readonly contentType: string;
  readonly attachmentDataRef: { readonly resourceName: string };
  readonly source: 'UPLOADED_CONTENT';
  readonly base64: string;
}

interface Created {
  readonly kind: 'create';
  readonly space: string;
  /** In the form `spaces/X/messages/Y`. */
  readonly name: string;
  readonly client?: string;
  /** The credential and the request id, by which a repeated request is recognized. */
  readonly request?: string;
  readonly thread: string;
  readonly isReply: boolean;
  readonly sender: User;
  /** The text with its markup. */
  readonly text: string;
  /** The text without its markup, as a person's client shows it, and who is mentioned in it. */
  readonly plain?: { readonly text: string; readonly annotations: readonly object[] };
  readonly attachment?: readonly Attachment[];
  readonly at: string;
}
interface Edited {
  readonly kind: 'edit';
  readonly space: string;
  readonly name: string;
  readonly text: string;
  readonly plain?: Created['plain'];
  readonly at: string;
}
interface Deleted {
  readonly kind: 'delete';
  readonly space: string;
  readonly names: readonly string[];
  readonly at: string;
}
interface Reacted {
  readonly kind: 'react' | 'unreact';
  readonly space: string;
  readonly name: string;
  readonly user: User;
  readonly emoji: string;
  readonly at: string;
}
/** What the journal holds. */
export type ChatEvent = Created | Edited | Deleted | Reacted;

/**
 * The present form of a message. A deleted message stays listed, so that a test can tell it from one that never came.
 */
export interface Held extends Omit<Created, 'kind'> {
  readonly edited?: string;
  readonly deleted?: string;
  readonly reactions: readonly { readonly user: User; readonly emoji: string }[];
}

/** HTTP status for each `error.status` (google.rpc.Code). */
const statuses: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
};

/** An error in the form of all Google APIs (cloud.google.com/apis/design/errors). */
export function refused(status: string, message: string): Decision<never> {
  const code = statuses[status] ?? 500;
  return { answer: { status: code, body: { error: { code, message, status } } } };
}

export const agreed = (body: object): Decision<never> => ({ answer: { status: 200, body } });

export function errorBody(code: number): object | undefined {
  const status = Object.keys(statuses).find((one) => statuses[one] === code);
  return status === undefined ? undefined : { error: { code, message: 'scripted', status } };
}

/**
 * Returns the JSON body of a request, or an empty object when it is unreadable: the call is then refused for the fields
 * that it lacks.
 */
export function readJson(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** Applies an event to the messages of its space, which are oldest first. */
export function apply(held: Held[], event: ChatEvent): void {
  if (event.kind === 'create') {
    const { kind: _kind, ...message } = event;
    held.push({ ...message, reactions: [] });
    return;
  }
  const names = event.kind === 'delete' ? event.names : [event.name];
  for (const [index, one] of held.entries()) if (names.includes(one.name)) held[index] = changed(one, event);
}

function changed(one: Held, event: Exclude<ChatEvent, Created>): Held {
  switch (event.kind) {
    case 'edit': {
      const { plain: _before, ...rest } = one;
      return { ...rest, text: event.text, ...(event.plain && { plain: event.plain }), edited: event.at };
    }
    case 'delete':
      return { ...one, deleted: event.at };
    default: {
      const { user, emoji } = event;
      const others = one.reactions.filter((each) => each.user.name !== user.name || each.emoji !== emoji);
      return { ...one, reactions: event.kind === 'react' ? [...others, { user, emoji }] : others };
    }
  }
}

/**
 * Returns an id that a client can neither guess nor take apart. The id of a thread does not contain the id of its first
 * message.
 */
export function newId(space: string, count: number, what: 'message' | 'thread'): string {
  const digest = createHash('sha256').update(`${space} ${count} ${what}`).digest('base64url');
  return what === 'thread' ? digest.slice(0, 11) : `${digest.slice(0, 11)}.${digest.slice(11, 22)}`;
}

/** Returns a time in RFC 3339 with microseconds, later than every time in the space. */
export function nextTime(held: readonly Held[], now: Date): string {
  const last = held.reduce(
    (most, { at, edited = '' }) => (at > most || edited > most ? (at > edited ? at : edited) : most),
    '',
  );
  const next = `${now.toISOString().slice(0, -1)}000Z`;
  if (next > last) return next;
  const micros = Number(last.slice(20, 26)) + 1;
  const second = new Date(`${last.slice(0, 19)}Z`).getTime() + Math.floor(micros / 1_000_000) * 1_000;
  return `${new Date(second).toISOString().slice(0, 19)}.${String(micros % 1_000_000).padStart(6, '0')}Z`;
}

/** Finds a message by Google's id or by the client's. Returns undefined when it was deleted. */
export function find(held: readonly Held[], space: string, id: string): Held | undefined {
  const isIt = ({ name, client }: Held): boolean => name === `${space}/messages/${id}` || client === id;
  return held.find((one) => one.deleted === undefined && isIt(one));
}

/** Returns a message as answers and events show it (`Message`, @googleapis/chat v1). */
export function shown(one: Held): object {
  return {
    name: one.name,
    sender: one.sender,
    createTime: one.at,
    ...(one.edited === undefined ? {} : { lastUpdateTime: one.edited }),
    text: one.plain?.text ?? one.text,
    formattedText: one.text,
    ...(one.plain === undefined || one.plain.annotations.length === 0 ? {} : { annotations: one.plain.annotations }),
    argumentText: (one.plain?.text ?? one.text).replace(/^@Carillon\s*/, ' '),
    thread: { name: one.thread },
    space: { name: one.space, spaceType: 'SPACE' },
    ...(one.isReply ? { threadReply: true } : {}),
    ...(one.client === undefined ? {} : { clientAssignedMessageId: one.client }),
    ...(one.attachment === undefined ? {} : { attachment: one.attachment.map(({ base64: _bytes, ...file }) => file) }),
  };
}

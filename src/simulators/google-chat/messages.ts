import { createHash } from 'node:crypto';
import type { Outcome } from '../kit/simulator.ts';

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
  /** `spaces/X/messages/Y`. */
  readonly name: string;
  readonly client?: string;
  /** The credential's and the request's id, by which a repetition is known. */
  readonly request?: string;
  readonly thread: string;
  readonly isReply: boolean;
  readonly sender: User;
  /** With its markup. */
  readonly text: string;
  /** What a person's client says beside the markup. */
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
/** What is kept on disk. */
export type ChatEvent = Created | Edited | Deleted | Reacted;

/** A message as it stands. What was deleted stays listed, so that a test can tell it from what never came. */
export interface Held extends Omit<Created, 'kind'> {
  readonly edited?: string;
  readonly deleted?: string;
  readonly reactions: readonly { readonly user: User; readonly emoji: string }[];
}

/** `error.status` by status (google.rpc.Code). */
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

/** As all Google APIs refuse (cloud.google.com/apis/design/errors). */
export function refused(status: string, message: string): Outcome<never> {
  const code = statuses[status] ?? 500;
  return { answer: { status: code, body: { error: { code, message, status } } } };
}

export const agreed = (body: object): Outcome<never> => ({ answer: { status: 200, body } });

export function errorBody(code: number): object | undefined {
  const status = Object.keys(statuses).find((one) => statuses[one] === code);
  return status === undefined ? undefined : { error: { code, message: 'scripted', status } };
}

/** Of a request; empty where it cannot be read: the call then says what it misses. */
export function readJson(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** Takes an event in. `held` are those of its space, oldest first. */
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

/** An id that nobody can make up or take apart. A thread's says nothing of its first message's. */
export function newId(space: string, count: number, what: 'message' | 'thread'): string {
  const digest = createHash('sha256').update(`${space} ${count} ${what}`).digest('base64url');
  return what === 'thread' ? digest.slice(0, 11) : `${digest.slice(0, 11)}.${digest.slice(11, 22)}`;
}

/** Strictly later than what is there, with six digits behind the second. */
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

/** By the system's id or a client's; `undefined` where it is not there any more. */
export function find(held: readonly Held[], space: string, id: string): Held | undefined {
  const isIt = ({ name, client }: Held): boolean => name === `${space}/messages/${id}` || client === id;
  return held.find((one) => one.deleted === undefined && isIt(one));
}

/** A message as answers and events show it (`Message`, @googleapis/chat v1). */
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

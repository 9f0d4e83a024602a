import type { FormFile } from '../kit/form.ts';
import type { Decision, SimulatedRequest } from '../kit/simulator.ts';

export interface File {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly base64: string;
}

/** A message as the platform keeps it (webex/webex-openapi-specs, public-spec/webex-messaging.json, `Message`). */
export interface Message {
  readonly id: string;
  readonly roomId: string;
  readonly personId: string;
  readonly parentId?: string;
  readonly text?: string;
  readonly markdown?: string;
  readonly html?: string;
  readonly files?: readonly File[];
  readonly created: string;
}
/** The texts that an edit sets. An edit removes each form of the text that it does not name. */
type Texts = Pick<Message, 'text' | 'markdown' | 'html'>;
interface Edit extends Texts {
  readonly kind: 'edit';
  readonly id: string;
  readonly roomId: string;
  readonly at: string;
}
interface Deletion {
  readonly kind: 'delete';
  readonly id: string;
  readonly roomId: string;
  readonly by: string;
}
/** What the journal holds. Messages have no `kind`. */
export type WebexEvent = Message | Edit | Deletion;

/**
 * The present form of a message. A deleted message stays listed, so that a test can tell it from one that never came.
 */
export interface Held extends Message {
  readonly edits: number;
  readonly updated?: string;
  readonly deleted?: true;
}

/** The largest size of each form of the text, in bytes (developer.webex.com, Messages API, "Create a Message"). */
const maxBytes = 7_439;
/** How many times a message can be edited (developer.webex.com, Messages API, "Edit a Message"). */
const maxEdits = 10;

/**
 * An error: `message`, `errors[].description` and `trackingId`, which is a header too (developer.webex.com, "REST API
 * Basics").
 */
export function refused(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Decision<WebexEvent> {
  const trackingId = `ROUTER_${status}-SIM`;
  const body = { message, errors: [{ description: message }], trackingId };
  return { answer: { status, headers: { trackingid: trackingId, ...headers }, body } };
}

export function agreed(body: object): Decision<WebexEvent> {
  return { answer: { status: 200, body } };
}

/** Returns an id: base64 of `ciscospark://us/<KIND>/<name>`, without padding. */
export function idOf(kind: 'MESSAGE' | 'PEOPLE' | 'ROOM' | 'WEBHOOK' | 'CONTENT', name: string): string {
  return Buffer.from(`ciscospark://us/${kind}/${name}`).toString('base64url');
}

export function isRoom(id: unknown): id is string {
  return typeof id === 'string' && /^ciscospark:\/\/us\/ROOM\/.+$/.test(Buffer.from(id, 'base64').toString());
}

/** Applies an event to the messages of its room, which are oldest first. */
export function apply(messages: Held[], event: WebexEvent): void {
  if (!('kind' in event)) {
    messages.push({ ...event, edits: 0 });
    return;
  }
  const index = messages.findIndex(({ id }) => id === event.id);
  const found = messages[index];
  if (found === undefined) return;
  if (event.kind === 'delete') {
    messages[index] = { ...found, deleted: true };
    return;
  }
  const { text, markdown, html, at } = event;
  const { text: _text, markdown: _markdown, html: _html, ...rest } = found;
  const texts = { ...(text && { text }), ...(markdown && { markdown }), ...(html && { html }) };
  messages[index] = { ...rest, ...texts, updated: at, edits: found.edits + 1 };
}

interface Place {
  readonly id: string;
  readonly personId: string;
  readonly now: Date;
}

/** POST /messages. The parent of a reply must be in the room and must not be a reply itself. */
export function create(
  body: Readonly<Record<string, unknown>>,
  messages: readonly Held[],
  place: Place,
  uploads: readonly FormFile[] = [],
): Decision<WebexEvent> {
  const { roomId, parentId } = body;
  if (!isRoom(roomId)) return refused(404, 'The requested resource could not be found.');
  // A message takes one file, in the field `files` (developer.webex.com, "Create a Message").
  const [upload, ...more] = uploads;
  if (more.length > 0 || (upload !== undefined && upload.field !== 'files'))
    return refused(400, 'Only one file may be attached.');
  const texts = upload !== undefined && body['text'] === undefined ? {} : textsOf(body);
  if (typeof texts === 'string') return refused(400, texts);
  if (parentId !== undefined) {
    const root = messages.find(({ id, deleted }) => id === parentId && deleted !== true);
    if (root === undefined) return refused(404, 'The parent message could not be found.');
    if (root.parentId !== undefined) return refused(400, 'The parent message is itself a reply.');
  }
  const { id, personId, now } = place;
  const event: Message = {
    id,
    roomId,
    personId,
    ...(typeof parentId === 'string' ? { parentId } : {}),
    ...texts,
    ...(upload && { files: [{ ...upload, id: idOf('CONTENT', id) }] }),
    created: now.toISOString(),
  };
  const { files: _files, ...answer } = event;
  return { event, ...agreed(answer) };
}

/** PUT /messages/{id}, for the caller's own messages only: at most ten times, and never for a message with files. */
export function edit(
  body: Readonly<Record<string, unknown>>,
  found: Held,
  by: string,
  now: Date,
): Decision<WebexEvent> {
  const texts = textsOf(body);
  if (typeof texts === 'string') return refused(400, texts);
  if (body['roomId'] !== found.roomId) return refused(400, 'roomId is missing, or of another room.');
  if (found.personId !== by) return refused(403, 'You may only edit your own messages.');
  if (found.files !== undefined) return refused(400, 'Messages with files cannot be edited.');
  if (found.edits >= maxEdits) return refused(400, 'This message cannot be edited any more.');
  const { id, roomId } = found;
  return { event: { kind: 'edit', id, roomId, ...texts, at: now.toISOString() }, ...agreed({ id, roomId, ...texts }) };
}

/** DELETE /messages/{id}, for the caller's own messages only. The answer is 204. */
export function remove({ id, roomId, personId }: Held, by: string): Decision<WebexEvent> {
  if (personId !== by) return refused(403, 'You may only delete your own messages.');
  return { event: { kind: 'delete', id, roomId, by }, answer: { status: 204 } };
}

function textsOf({ text, markdown }: Readonly<Record<string, unknown>>): Texts | string {
  for (const one of [text, markdown]) {
    if (one !== undefined && typeof one !== 'string') return 'Text must be a string.';
    if (typeof one === 'string' && Buffer.byteLength(one) > maxBytes) return 'Message length limit exceeded.';
  }
  if (text === undefined && markdown === undefined) return 'Unable to post an empty message.';
  if ((text ?? '') === '' && (markdown ?? '') === '') return 'Unable to post an empty message.';
  return { ...(typeof text === 'string' ? { text } : {}), ...(typeof markdown === 'string' ? { markdown } : {}) };
}

/** Returns the answer of GET /messages/{id}. Files are addresses in the API. */
export function shown(
  { edits: _edits, files, ...message }: Held,
  email: string,
  { headers }: SimulatedRequest,
): object {
  const base = `http://${headers['host']}/webex/v1/contents/`;
  return {
    ...message,
    roomType: 'group',
    personEmail: email,
    ...(files === undefined ? {} : { files: files.map(({ id }) => `${base}${id}`) }),
    isVoiceClip: false,
  };
}

/**
 * Returns the people whom Webex notifies. Everything that is written as a mention counts, wherever it is and even when
 * it is escaped.
 */
export function mentionsOf({ markdown, html }: Texts): { kind: 'personId' | 'personEmail' | 'all'; value: string }[] {
  const written = [...(markdown ?? '').matchAll(/<@(?:(personId|personEmail):([^|>]+)(?:\|[^>]*)?|all)>/g)].map(
    ([, kind, value]) => ({ kind: (kind ?? 'all') as 'personId', value: value ?? 'all' }),
  );
  const clicked = [...(html ?? '').matchAll(/<spark-mention [^>]*data-(object-id|group-type)="([^"]*)"/g)].map(
    ([, attribute, value]) => ({
      kind: attribute === 'object-id' ? ('personId' as const) : ('all' as const),
      value: value ?? '',
    }),
  );
  return [...written, ...clicked];
}

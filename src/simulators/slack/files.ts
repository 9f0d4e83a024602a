import { randomUUID } from 'node:crypto';
import type { Outcome, SimulatedRequest } from '../kit/simulator.ts';
import { fileOf } from './people.ts';
import { agreed, refused, type Held, type Params, type Post, type SlackEvent, type SlackFile } from './posts.ts';

/** A file on its way: announced, then with its bytes, then in a message, and here no more. */
export interface Upload {
  readonly kind: 'upload';
  readonly id: string;
  readonly name: string;
  readonly length: number;
  readonly mediaType?: string;
  readonly base64?: string;
}

/** files.getUploadURLExternal: the address is good by itself (docs.slack.dev). */
export function announce(params: Params, { headers }: SimulatedRequest): Outcome<Upload> {
  const { filename: name, length } = params;
  if (typeof name !== 'string' || name === '' || !(Number(length) > 0)) return refusedUpload('invalid_arguments');
  const id = `F${randomUUID().replaceAll('-', '').slice(0, 12).toUpperCase()}`;
  const body = { ok: true, upload_url: `http://${headers['host']}/slack/upload/v1/${id}`, file_id: id };
  return { event: { kind: 'upload', id, name, length: Number(length) }, answer: { status: 200, body } };
}

/** The bytes, by POST, in the body itself: as many as were announced. */
export function receive({ body, headers, method }: SimulatedRequest, upload: Upload | undefined): Outcome<Upload> {
  if (method !== 'POST' || upload === undefined) return { answer: { status: 404, body: 'no such upload' } };
  if (body.length !== upload.length) return { answer: { status: 400, body: 'wrong length' } };
  const mediaType = headers['content-type'] ?? 'application/octet-stream';
  const event = { ...upload, mediaType, base64: body.toString('base64') };
  return { event, answer: { status: 200, body: `OK - ${body.length}` } };
}

/** files.completeUploadExternal, for one file, once. The answer does not say which message shows it. */
export function complete(
  posts: readonly Held[],
  params: Params,
  uploads: ReadonlyMap<string, Upload>,
  place: { channel: string; ts: string; bot?: string; origin: string },
): Outcome<SlackEvent> {
  const { files, thread_ts: thread, initial_comment: text = '' } = params;
  const [named, ...more] = Array.isArray(files) ? (files as { id?: unknown; title?: unknown }[]) : [];
  const upload = uploads.get(String(named?.id));
  if (upload?.base64 === undefined || more.length > 0 || typeof text !== 'string') return refused('file_not_found');
  const { id, name, mediaType = 'application/octet-stream', base64 } = upload;
  const { origin, ...where } = place;
  const title = typeof named?.title === 'string' ? named.title : name;
  const root = posts.find(({ ts, deleted }) => ts === thread && deleted !== true);
  const event: Post = {
    ...where,
    text,
    ...(root === undefined || root.thread_ts !== undefined ? {} : { thread_ts: root.ts }),
    files: [fileOf({ name, mediaType, base64 }, id, origin, title)],
  };
  return { event, ...agreed({ files: [{ id, title }] }) };
}

/** files.info, with the message that shows the file, once there is one. */
export function info(posts: Iterable<Held>, params: Params): Outcome<SlackEvent> {
  for (const one of posts) {
    const file = one.files?.find(({ id }) => id === params['file']);
    if (file === undefined || one.deleted === true) continue;
    const share = { ts: one.ts, ...(one.thread_ts === undefined ? {} : { thread_ts: one.thread_ts }) };
    const { base64: _bytes, ...shown } = file;
    return agreed({ file: { ...shown, shares: { public: { [one.channel]: [share] } } } });
  }
  return refused('file_not_found');
}

/** `url_private`: to whoever has no token that may read it, a page to log in at. */
export function download(posts: Iterable<Held>, id: string, isKnown: boolean): Outcome<SlackEvent> {
  const html = { 'content-type': 'text/html; charset=utf-8' };
  if (!isKnown) return { answer: { status: 200, headers: html, body: '<html><title>Sign in | Slack</title></html>' } };
  let file: SlackFile | undefined;
  for (const one of posts) if (one.deleted !== true) file ??= one.files?.find((each) => each.id === id);
  if (file === undefined) return { answer: { status: 404, headers: html, body: '<html>File not found</html>' } };
  const headers = { 'content-type': file.mimetype };
  return { answer: { status: 200, headers, body: Buffer.from(file.base64, 'base64') } };
}

function refusedUpload(error: string): Outcome<Upload> {
  return { answer: { status: 200, body: { ok: false, error } } };
}

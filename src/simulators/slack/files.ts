import { randomUUID } from 'node:crypto';
import type { Decision, SimulatedRequest } from '../kit/simulator.ts';
import { fileOf } from './people.ts';
import { agreed, refused, type Held, type Params, type Post, type SlackEvent, type SlackFile } from './posts.ts';

/**
 * A file that is being uploaded: first announced, then with its bytes. Once a message shows it, it is no upload any
 * more.
 */
export interface Upload {
  readonly kind: 'upload';
  readonly id: string;
  readonly name: string;
  readonly length: number;
  readonly mediaType?: string;
  readonly base64?: string;
}

/** files.getUploadURLExternal: answers with an address that takes the bytes without a token (docs.slack.dev). */
export function announce(params: Params, { headers }: SimulatedRequest): Decision<Upload> {
  const { filename: name, length } = params;
  if (typeof name !== 'string' || name === '' || !(Number(length) > 0)) return refusedUpload('invalid_arguments');
  const id = `F${randomUUID().replaceAll('-', '').slice(0, 12).toUpperCase()}`;
  const body = { ok: true, upload_url: `http://${headers['host']}/slack/upload/v1/${id}`, file_id: id };
  return { event: { kind: 'upload', id, name, length: Number(length) }, answer: { status: 200, body } };
}

/** Takes the bytes of an upload: a POST whose body is the file, with the announced length. */
export function receive({ body, headers, method }: SimulatedRequest, upload: Upload | undefined): Decision<Upload> {
  if (method !== 'POST' || upload === undefined) return { answer: { status: 404, body: 'no such upload' } };
  if (body.length !== upload.length) return { answer: { status: 400, body: 'wrong length' } };
  const mediaType = headers['content-type'] ?? 'application/octet-stream';
  const event = { ...upload, mediaType, base64: body.toString('base64') };
  return { event, answer: { status: 200, body: `OK - ${body.length}` } };
}

/**
 * files.completeUploadExternal for one file, which can be completed once. The answer does not say which message shows
 * the file.
 */
export function complete(
  posts: readonly Held[],
  params: Params,
  uploads: ReadonlyMap<string, Upload>,
  place: { channel: string; ts: string; bot?: string; origin: string },
): Decision<SlackEvent> {
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

/** files.info: the file and the message that shows it. A file that no message shows is not found. */
export function info(posts: Iterable<Held>, params: Params): Decision<SlackEvent> {
  for (const one of posts) {
    const file = one.files?.find(({ id }) => id === params['file']);
    if (file === undefined || one.deleted === true) continue;
    const share = { ts: one.ts, ...(one.thread_ts === undefined ? {} : { thread_ts: one.thread_ts }) };
    const { base64: _bytes, ...shown } = file;
    return agreed({ file: { ...shown, shares: { public: { [one.channel]: [share] } } } });
  }
  return refused('file_not_found');
}

/**
 * Answers a GET of `url_private`. Without a token that may read the file, the answer is a login page with status 200.
 */
export function download(posts: Iterable<Held>, id: string, isKnown: boolean): Decision<SlackEvent> {
  const html = { 'content-type': 'text/html; charset=utf-8' };
  if (!isKnown) return { answer: { status: 200, headers: html, body: '<html><title>Sign in | Slack</title></html>' } };
  let file: SlackFile | undefined;
  for (const one of posts) if (one.deleted !== true) file ??= one.files?.find((each) => each.id === id);
  if (file === undefined) return { answer: { status: 404, headers: html, body: '<html>File not found</html>' } };
  const headers = { 'content-type': file.mimetype };
  return { answer: { status: 200, headers, body: Buffer.from(file.base64, 'base64') } };
}

function refusedUpload(error: string): Decision<Upload> {
  return { answer: { status: 200, body: { ok: false, error } } };
}

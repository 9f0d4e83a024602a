import { SendFailure } from '../../domain/failure.ts';
import type { InboundFile } from '../../domain/inbound.ts';
import type { Attachment } from '../../domain/message.ts';
import type { Outgoing, OutgoingFile, SendContext } from '../contract/connector.ts';
import type { LookUpContext, Download, HookConnection } from '../contract/context.ts';
import { isOfHost, notFetchable } from '../http/download.ts';
import { readText } from '../contract/fields.ts';
import { at, textAt } from '../http/json-path.ts';
import { multipart } from '../http/multipart.ts';
import { asUploadRefusal } from '../http/restated.ts';
import { callZoom, downloadZoom } from './api.ts';
import { zoomSettings } from './settings.ts';

/** Reads a file as an event or the history describes it. */
export function readFile(file: unknown): InboundFile[] {
  const id = textAt(file, 'file_id');
  if (id === undefined) return [];
  const [size, url] = [at(file, 'file_size'), textAt(file, 'download_url')];
  return [
    {
      id,
      name: textAt(file, 'file_name') ?? id,
      ...(typeof size === 'number' ? { size } : {}),
      ...(url === undefined ? {} : { url }),
    },
  ];
}

/**
 * Downloads from `download_url` with an access token, which goes only to Zoom's own hosts (developers.zoom.us, Get a
 * message).
 */
export async function openFile(
  { url }: Attachment,
  connection: HookConnection,
  context: LookUpContext,
): Promise<Download> {
  // Files are on other hosts of the same domain as the API: the API is at `https://api.zoom.us`, files are at
  // `https://zoom.us` and below it.
  const home = readText(zoomSettings, connection.settings, 'baseUrl').replace(/^(https?:\/\/)api[^.]*\./, '$1');
  if (url === undefined || !isOfHost(url, home))
    throw notFetchable('file_elsewhere', 'Zoom names no address of its own for this file.');
  return downloadZoom(url, connection, context);
}

/**
 * Uploads a file. Nobody sees it until a message names it (developers.zoom.us, Upload a chat file; OAuth scope
 * `team_chat:write:files:admin`).
 * @returns the id of the file.
 * @throws SendFailure of any kind but `ambiguous`.
 */
export async function uploadFile(
  { connection, key }: Outgoing,
  file: OutgoingFile,
  context: SendContext,
): Promise<string> {
  const user = encodeURIComponent(readText(zoomSettings, connection.settings, 'user'));
  const upload = multipart(key, {}, 'file', file);
  try {
    const { json } = await callZoom(
      { method: 'POST', path: `chat/users/${user}/files`, base: 'fileUrl', upload, purpose: 'create' },
      connection,
      context,
    );
    const id = textAt(json, 'id');
    if (id !== undefined) return id;
    throw new SendFailure({ kind: 'transient', code: 'bad_response', message: 'Zoom named no file' });
  } catch (error) {
    throw asUploadRefusal(error);
  }
}

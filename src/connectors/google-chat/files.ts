import type { InboundFile } from '../../domain/inbound.ts';
import type { Attachment } from '../../domain/message.ts';
import type { LookUpContext, Download, HookConnection } from '../contract/context.ts';
import { notFetchable } from '../http/download.ts';
import { textAt } from '../http/json-path.ts';
import { downloadMedia } from './api.ts';

/**
 * Reads an `Attachment`. The id of an uploaded file is the name of its resource; that of a Drive file is the
 * attachment's name in the message.
 */
export function readFile(file: unknown): InboundFile[] {
  const id = textAt(file, 'attachmentDataRef', 'resourceName') ?? textAt(file, 'name');
  if (id === undefined) return [];
  const mediaType = textAt(file, 'contentType');
  return [{ id, name: textAt(file, 'contentName') ?? id, ...(mediaType === undefined ? {} : { mediaType }) }];
}

/**
 * Downloads a file with `media.download`, as the app (developers.google.com/workspace/chat, "Download media as a file
 * attachment").
 */
export async function openFile(
  { id }: Attachment,
  connection: HookConnection,
  context: LookUpContext,
): Promise<Download> {
  if (/^spaces\/[^/]+\/messages\//.test(id))
    throw notFetchable('file_elsewhere', 'The file lies in Google Drive, which an app of Google Chat may not read.');
  return downloadMedia(id, connection, context);
}

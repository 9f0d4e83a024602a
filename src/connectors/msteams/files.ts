import type { InboundFile } from '../../domain/inbound.ts';
import type { Attachment } from '../../domain/message.ts';
import type { LookUpContext, Download, HookConnection } from '../contract/context.ts';
import { download, notFetchable } from '../http/download.ts';
import { textAt } from '../http/json-path.ts';

const fileType = 'application/vnd.microsoft.teams.file.download.info';

/** A file of a personal chat (msteams-docs, "Send and receive files"); those of channels come as links in the text. */
export function readFile(attachment: unknown): InboundFile[] {
  if (textAt(attachment, 'contentType') !== fileType) return [];
  const id = textAt(attachment, 'content', 'uniqueId');
  if (id === undefined) return [];
  const [url, page] = [textAt(attachment, 'content', 'downloadUrl'), textAt(attachment, 'contentUrl')];
  return [{ id, name: textAt(attachment, 'name') ?? id, ...(url && { url }), ...(page && { page }) }];
}

/**
 * `downloadUrl`, which is good by itself for some minutes, at whatever host SharePoint has (msteams-docs, "Send and receive
 * files"): no token of ours is sent there.
 */
export async function openFile(
  { url }: Attachment,
  _connection: HookConnection,
  context: LookUpContext,
): Promise<Download> {
  if (url === undefined) throw notFetchable('file_elsewhere', 'Teams names no address for this file.');
  return download({ url }, context);
}

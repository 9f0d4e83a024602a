import type { InboundFile } from '../../domain/inbound.ts';
import type { Attachment } from '../../domain/message.ts';
import type { LookUpContext, Download, HookConnection } from '../contract/context.ts';
import { download, notFetchable } from '../http/download.ts';
import { textAt } from '../http/json-path.ts';

const fileType = 'application/vnd.microsoft.teams.file.download.info';

/**
 * Reads a file of a personal chat (msteams-docs, "Send and receive files"). Files of channels come as links in the
 * text.
 */
export function readFile(attachment: unknown): InboundFile[] {
  if (textAt(attachment, 'contentType') !== fileType) return [];
  const id = textAt(attachment, 'content', 'uniqueId');
  if (id === undefined) return [];
  const [url, page] = [textAt(attachment, 'content', 'downloadUrl'), textAt(attachment, 'contentUrl')];
  return [{ id, name: textAt(attachment, 'name') ?? id, ...(url && { url }), ...(page && { page }) }];
}

/**
 * Downloads from `downloadUrl`, which is valid for some minutes without a token and may be on any host of SharePoint
 * (msteams-docs, "Send and receive files"). No token of ours is sent there.
 */
export async function openFile(
  { url }: Attachment,
  _connection: HookConnection,
  context: LookUpContext,
): Promise<Download> {
  if (url === undefined) throw notFetchable('file_elsewhere', 'Teams names no address for this file.');
  return download({ url }, context);
}

import { SendFailure } from '../../domain/failure.ts';
import type { InboundFile } from '../../domain/inbound.ts';
import type { Attachment } from '../../domain/message.ts';
import type { Outgoing, OutgoingFile, SendContext } from '../contract/connector.ts';
import type { LookUpContext, Values, Download, HookConnection } from '../contract/context.ts';
import { authorLine } from '../text/author.ts';
import { download, notFetchable } from '../http/download.ts';
import { readText } from '../contract/fields.ts';
import { at, textAt } from '../http/json-path.ts';
import { callJson } from '../http/json-call.ts';
import { asUploadRefusal } from '../http/restated.ts';
import { secretTexts } from '../contract/secrets.ts';
import { meaningOf } from './errors.ts';
import type { Speaker } from './ghosts.ts';
import { homeserverOf, matrixSettings } from './settings.ts';

/**
 * Reads the file of a message (client-server API, "m.image", "m.file" and "Content repository"). An encrypted file has
 * no `url`, and only members of its room can read it.
 */
export function readFiles(content: unknown, settings: Values): InboundFile[] {
  const id = textAt(content, 'url');
  const [, server, media] = /^mxc:\/\/([^/\s]+)\/([A-Za-z0-9_-]+)$/.exec(id ?? '') ?? [];
  if (id === undefined || server === undefined || media === undefined) return [];
  const [mediaType, size] = [textAt(content, 'info', 'mimetype'), at(content, 'info', 'size')];
  const below = `/_matrix/client/v1/media/download/${encodeURIComponent(server)}/${media}`;
  return [
    {
      id,
      name: textAt(content, 'filename') ?? textAt(content, 'body') ?? media,
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(typeof size === 'number' ? { size } : {}),
      url: `${homeserverOf(settings)}${below}`,
    },
  ];
}

/**
 * Downloads media of any server through our own homeserver, which alone gets the token ("GET
 * /_matrix/client/v1/media/download").
 */
export async function openFile(
  { url }: Attachment,
  { settings }: HookConnection,
  context: LookUpContext,
): Promise<Download> {
  if (url?.startsWith(`${homeserverOf(settings)}/_matrix/client/v1/media/download/`) !== true)
    throw notFetchable('file_elsewhere', 'The file does not lie at the homeserver.');
  const headers = { authorization: `Bearer ${readText(matrixSettings, settings, 'asToken')}` };
  return download({ url, headers, secrets: secretTexts(matrixSettings, settings) }, context);
}

/**
 * Uploads a file, which is then not yet in any room ("POST /_matrix/media/v3/upload").
 * @returns the content of the event that shows the file.
 * @throws SendFailure of any kind but `ambiguous`.
 */
export async function uploadFile(
  { connection: { settings }, author }: Outgoing,
  file: OutgoingFile,
  speaker: Speaker & { readonly isBot: boolean },
  context: SendContext,
): Promise<{ msgtype: string; body: string }> {
  const query = new URLSearchParams({ filename: file.name, user_id: speaker.user }).toString();
  try {
    const { json } = await callJson(
      {
        method: 'POST',
        url: `${homeserverOf(settings)}/_matrix/media/v3/upload?${query}`,
        headers: { authorization: `Bearer ${readText(matrixSettings, settings, 'asToken')}` },
        upload: { contentType: file.mediaType, body: { size: file.size, open: file.open } },
      },
      context,
      {
        secrets: secretTexts(matrixSettings, settings),
        meaningOf: (status, answer) => meaningOf(status, textAt(answer, 'errcode')),
      },
    );
    const url = textAt(json, 'content_uri');
    if (url === undefined)
      throw new SendFailure({ kind: 'transient', code: 'bad_response', message: 'the homeserver named no content' });
    const names = file.isAlone && speaker.isBot && author !== undefined;
    const shown = { filename: file.name, url, info: { mimetype: file.mediaType, size: file.size } };
    return {
      msgtype: msgtypeOf(file.mediaType),
      // If there is a `filename`, the body is a caption ("Media captions").
      body: names ? `${authorLine(author)}:` : file.name,
      ...shown,
    };
  } catch (error) {
    throw asUploadRefusal(error);
  }
}

function msgtypeOf(mediaType: string): string {
  const [, kind] = /^(image|audio|video)\//.exec(mediaType) ?? [];
  return `m.${kind ?? 'file'}`;
}

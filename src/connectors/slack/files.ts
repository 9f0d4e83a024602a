import { SendFailure } from '../../domain/failure.ts';
import type { InboundFile } from '../../domain/inbound.ts';
import type { Attachment } from '../../domain/message.ts';
import type { Outgoing, OutgoingFile, SendContext } from '../contract/connector.ts';
import type { LookUpContext, Download, HookConnection } from '../contract/context.ts';
import { download, isOfHost, notFetchable } from '../http/download.ts';
import { authorLine } from '../text/author.ts';
import { markOf } from '../text/invisible-mark.ts';
import { readText } from '../contract/fields.ts';
import { at, listAt, textAt } from '../http/json-path.ts';
import { callJson } from '../http/json-call.ts';
import { asUploadRefusal, restated } from '../http/restated.ts';
import { secretTexts } from '../contract/secrets.ts';
import { escapeText } from './text/escape.ts';
import { placeOf } from './native-id.ts';
import { slackSettings } from './settings.ts';
import { callSlack } from './api.ts';

/** Reads a file object of an event (docs.slack.dev, "File object"). */
export function readFile(file: unknown): InboundFile[] {
  const id = textAt(file, 'id');
  if (id === undefined) return [];
  const [mediaType, size] = [textAt(file, 'mimetype'), at(file, 'size')];
  const [url, page] = [textAt(file, 'url_private_download') ?? textAt(file, 'url_private'), textAt(file, 'permalink')];
  return [
    {
      id,
      name: textAt(file, 'name') ?? id,
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(typeof size === 'number' ? { size } : {}),
      ...(url === undefined ? {} : { url }),
      ...(page === undefined ? {} : { page }),
    },
  ];
}

/** Downloads `url_private` with the bot's token (docs.slack.dev, "Working with files"; OAuth scope `files:read`). */
export async function openFile(
  { url, mediaType }: Attachment,
  { settings }: HookConnection,
  context: LookUpContext,
): Promise<Download> {
  if (url === undefined || !isOfHost(url, readText(slackSettings, settings, 'baseUrl')))
    throw notFetchable('file_elsewhere', 'Slack only links to this file: it lies elsewhere.');
  const headers = { authorization: `Bearer ${readText(slackSettings, settings, 'botToken')}` };
  const file = await download({ url, headers, secrets: secretTexts(slackSettings, settings) }, context);
  if (file.mediaType !== 'text/html' || mediaType === 'text/html') return file;
  file.drop();
  // If the token may not read the file, Slack answers 200 with a login page.
  throw notFetchable('missing_scope', 'Slack does not let the token read files.');
}

/** The call of `files.completeUploadExternal`, which makes an uploaded file visible. */
export interface FileCall {
  readonly method: 'files.completeUploadExternal';
  readonly body: {
    readonly files: readonly [{ readonly id: string; readonly title: string }];
    readonly channel_id: string;
  };
}

/**
 * Uploads a file. Nobody sees it until the upload is completed (docs.slack.dev, files.getUploadURLExternal; OAuth scope
 * `files:write`).
 * @throws SendFailure of any kind but `ambiguous`.
 */
export async function uploadFile(outgoing: Outgoing, file: OutgoingFile, context: SendContext): Promise<FileCall> {
  const { connection, key, author } = outgoing;
  const form = new URLSearchParams({ filename: file.name, length: String(file.size) }).toString();
  const { channel, thread } = placeOf(outgoing);
  try {
    const { answer } = await callSlack('files.getUploadURLExternal', form, connection, context);
    const [url, id] = [textAt(answer, 'upload_url'), textAt(answer, 'file_id')];
    if (
      url === undefined ||
      id === undefined ||
      !isOfHost(url, readText(slackSettings, connection.settings, 'baseUrl'))
    )
      throw new SendFailure({
        kind: 'transient',
        code: 'bad_response',
        message: 'Slack named no address to upload to',
      });
    const upload = { contentType: file.mediaType, body: { size: file.size, open: file.open } };
    await callJson({ method: 'POST', url, upload }, context, {
      secrets: secretTexts(slackSettings, connection.settings),
      meaningOf: () => undefined,
    });
    const body = {
      // The title is the only property of a file that we can set and that appears in the channel's history, so it
      // carries the mark.
      files: [{ id, title: `${markOf(key)}${file.name}` }] as const,
      channel_id: channel,
      thread_ts: thread,
      ...(file.isAlone && author !== undefined ? { initial_comment: `*${escapeText(authorLine(author))}:*` } : {}),
    };
    return { method: 'files.completeUploadExternal', body };
  } catch (error) {
    // The token may still post without `files:write`. Apps that were installed before Carillon posted files do not have
    // it.
    const isOfFiles = error instanceof SendFailure && error.code === 'missing_scope';
    throw asUploadRefusal(isOfFiles ? restated(error, { affects: 'message' }) : error);
  }
}

/**
 * Waits before each look at `files.info`: Slack shows a file only some time after it accepted the call
 * (slackapi/bolt-js#2115).
 */
const waitsMs = [0, 250, 500, 1_000, 2_000];

/**
 * Finds the message that shows a file. The answer of `files.completeUploadExternal` does not name it, but `files.info`
 * does once the message exists.
 * @param end when to give up, in milliseconds on the clock of `performance.now()`.
 * @throws SendFailure ambiguous `share_unseen` if the message did not appear in time.
 */
export async function findShare(
  { body }: FileCall,
  connection: Outgoing['connection'],
  context: SendContext,
  end: number,
): Promise<{ ts: string; thread_ts?: string }> {
  const [{ id }] = body.files;
  for (const waitMs of waitsMs) {
    const timeoutMs = Math.floor(end - performance.now() - waitMs);
    if (timeoutMs <= 0) break;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const info = await callSlack('files.info', new URLSearchParams({ file: id }).toString(), connection, {
      ...context,
      timeoutMs,
    }).catch(() => undefined);
    const shares = at(info?.answer, 'file', 'shares');
    const [share] = ['public', 'private'].flatMap((kind) => listAt(at(shares, kind), body.channel_id));
    const [ts, thread] = [textAt(share, 'ts'), textAt(share, 'thread_ts')];
    if (ts !== undefined) return { ts, ...(thread === undefined ? {} : { thread_ts: thread }) };
  }
  const message = 'Slack took the file, and did not show it in the channel in time';
  throw new SendFailure({ kind: 'ambiguous', code: 'share_unseen', message });
}

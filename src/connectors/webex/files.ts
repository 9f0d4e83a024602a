import { SendFailure } from '../../domain/failure.ts';
import type { InboundFile } from '../../domain/inbound.ts';
import type { Attachment } from '../../domain/message.ts';
import type { LookUpContext, Download, HookConnection } from '../contract/context.ts';
import { download, notFetchable } from '../http/download.ts';
import type { Meaning } from '../http/answer.ts';
import type { HttpResponse } from '../contract/http.ts';
import { secretTexts } from '../contract/secrets.ts';
import { webexSettings } from './settings.ts';
import { baseUrlOf, callWebex, tokenOf } from './api.ts';

/**
 * Describes the files of a message. The message contains only their URLs; names, types and sizes are in the headers of
 * each file (developer.webex.com, "Message Attachments"). URLs that are not below the base URL are left out, because
 * the request carries our token.
 */
export async function describeFiles(
  urls: readonly unknown[],
  connection: HookConnection,
  context: LookUpContext,
): Promise<InboundFile[]> {
  const base = baseUrlOf(connection.settings);
  const paths = urls.flatMap((url) =>
    typeof url === 'string' && url.startsWith(base) ? [url.slice(base.length)] : [],
  );
  return Promise.all(
    paths.map(async (path, index) => {
      const file = { id: path, url: `${base}${path}` };
      const usual = { ...file, name: `file-${index + 1}` };
      try {
        const { headers } = await callWebex({ method: 'HEAD', path, about: 'look-up' }, connection, context);
        return { ...usual, ...described(headers) };
      } catch (error) {
        // Webex may still be scanning the file (423), or may refuse it because of what it found. The message does not
        // wait for the name.
        if (error instanceof SendFailure) return usual;
        throw error;
      }
    }),
  );
}

function described(headers: HttpResponse['headers']): Partial<Pick<InboundFile, 'name' | 'mediaType' | 'size'>> {
  const header = (name: string): string => [headers[name] ?? ''].flat()[0] ?? '';
  const name = fileName(header('content-disposition'));
  const mediaType = header('content-type').split(';')[0]?.trim() ?? '';
  const size = header('content-length');
  return {
    ...(name === '' ? {} : { name }),
    ...(mediaType === '' ? {} : { mediaType }),
    ...(/^\d{1,15}$/.test(size) ? { size: Number(size) } : {}),
  };
}

/** Takes `filename*` before `filename` (RFC 6266, section 4.3), and removes a path. */
function fileName(disposition: string): string {
  const [, extended] = /filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition) ?? [];
  const [, quoted, bare] = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(disposition) ?? [];
  const name = decoded(extended) ?? quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '';
  return (name.split(/[/\\]/).at(-1) ?? '').replaceAll(/\p{Cc}/gu, '').trim();
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    // The value is not valid percent-encoding, so the plain `filename` is used.
    return undefined;
  }
}

/** Downloads a file after Webex has scanned it (developer.webex.com, "Message Attachments"). */
export async function openFile(
  { url }: Attachment,
  { settings }: HookConnection,
  context: LookUpContext,
): Promise<Download> {
  if (url?.startsWith(baseUrlOf(settings)) !== true)
    throw notFetchable('file_elsewhere', 'The file does not lie at Webex.');
  const headers = { authorization: `Bearer ${tokenOf(settings)}` };
  return download({ url, headers, secrets: secretTexts(webexSettings, settings), meaningOf }, context);
}

/**
 * The meaning of a status for a file. A file that Webex cannot scan is refused, because we do not ask for it in spite
 * of that.
 */
function meaningOf(status: number): Meaning | undefined {
  switch (status) {
    case 410:
      return { kind: 'permanent', code: 'file_infected', affects: 'message' };
    case 423:
      return { kind: 'transient', code: 'file_being_scanned', affects: 'message' };
    case 428:
      return { kind: 'permanent', code: 'file_unscannable', affects: 'message' };
    default:
      return undefined;
  }
}

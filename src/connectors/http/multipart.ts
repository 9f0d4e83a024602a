import { createHash } from 'node:crypto';
import type { OutgoingFile } from '../contract/connector.ts';
import type { HttpBody } from '../contract/http.ts';

/**
 * A form with one file (RFC 7578) whose bytes are read while the form is written.
 * @param key determines the boundary, so that every attempt sends the same bytes.
 */
export function multipart(
  key: string,
  fields: Readonly<Record<string, string>>,
  field: string,
  file: Pick<OutgoingFile, 'name' | 'mediaType' | 'size' | 'open'>,
): { readonly contentType: string; readonly body: HttpBody } {
  const boundary = `carillon-${createHash('sha256').update(key).digest('hex')}`;
  const texts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
  );
  const disposition = `content-disposition: form-data; name="${quoted(field)}"; filename="${quoted(file.name)}"`;
  const type = `content-type: ${file.mediaType.replaceAll(/[^\x21-\x7e]/g, '')}`;
  const head = Buffer.from(`${texts.join('')}--${boundary}\r\n${disposition}\r\n${type}\r\n\r\n`);
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  async function* open(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* file.open();
    yield tail;
  }
  const size = head.length + file.size + tail.length;
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: { size, open } };
}

/** Percent-encodes the characters that would end a quoted text, as browsers do (WHATWG HTML, "Multipart form data"). */
function quoted(text: string): string {
  return text.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}

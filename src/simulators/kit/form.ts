import type { SimulatedRequest } from './simulator.ts';

/** The fields and files of a multipart form (RFC 7578). */
export interface Form {
  readonly fields: Readonly<Record<string, string>>;
  readonly files: readonly FormFile[];
}
export interface FormFile {
  readonly field: string;
  readonly name: string;
  readonly mediaType: string;
  readonly base64: string;
}

/** Reads a multipart form. Returns undefined when the request is not such a form, or the form has no end. */
export function readForm({ headers, body }: SimulatedRequest): Form | undefined {
  const [, plain, quoted] =
    /^multipart\/form-data;.*boundary=(?:([^";]+)|"([^"]+)")/i.exec(headers['content-type'] ?? '') ?? [];
  const boundary = plain ?? quoted;
  // Latin-1 maps each byte to one character, so that the bytes of a file survive.
  const text = body.toString('latin1');
  if (boundary === undefined || !text.endsWith(`--${boundary}--\r\n`)) return undefined;
  const fields: Record<string, string> = {};
  const files: FormFile[] = [];
  for (const part of `\r\n${text}`.split(`\r\n--${boundary}`).slice(1, -1)) {
    const end = part.indexOf('\r\n\r\n');
    const [head, bytes] = [
      Buffer.from(part.slice(0, end), 'latin1').toString(),
      Buffer.from(part.slice(end + 4), 'latin1'),
    ];
    const [, field = ''] = /[; ]name="([^"]*)"/i.exec(head) ?? [];
    const [, name] = /filename="([^"]*)"/i.exec(head) ?? [];
    if (name === undefined) fields[field] = bytes.toString();
    else {
      const [, mediaType = 'text/plain'] = /content-type: *([^\r\n]+)/i.exec(head) ?? [];
      files.push({ field, name: name.replaceAll('%22', '"'), mediaType, base64: bytes.toString('base64') });
    }
  }
  return { fields, files };
}

/** The JSON Pointer (RFC 6901) to one value in a document. The empty string is the whole document. */
export function pointer(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
